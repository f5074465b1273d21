// Calls every method of Pulumi's own Go client of ESC, the one behind `esc` and `pulumi env`, against the backend in
// PULUMI_BACKEND_URL and prints what became of each. Run by tools/soak.mjs against `sandbox serve`.
//
// Exit codes: 0 when every method was answered as expected, 1 when one was not.
package main

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"strings"
	"time"

	"github.com/pulumi/esc/cmd/esc/cli/client"
)

const project, name, hour = "escapement", "go-client", time.Hour

// driver keeps the outcome of each method by its name.
type driver struct {
	client.Client
	organization string
	outcomes     map[string]string
	failed       bool
}

func main() {
	backend := os.Getenv("PULUMI_BACKEND_URL")
	organization := os.Getenv("PULUMI_ORG")
	esc := client.New("escapement-soak", backend, os.Getenv("PULUMI_ACCESS_TOKEN"), false)
	d := &driver{Client: esc, organization: organization, outcomes: map[string]string{}}
	d.environments(context.Background())
	d.sessions(context.Background())
	d.revisions(context.Background())
	d.metadata(context.Background())
	d.drafts(context.Background())
	d.webhooks(context.Background())
	d.schedules(context.Background())
	d.deletion(context.Background())
	d.report()
	if d.failed {
		os.Exit(1)
	}
}

// check records that a method answered, and that what it answered is what was expected.
func (d *driver) check(method string, err error, expected bool) {
	switch {
	case err != nil:
		d.fail(method, err.Error())
	case !expected:
		d.fail(method, "answered something else than was expected")
	case d.outcomes[method] == "":
		d.outcomes[method] = "answered"
	}
}

func (d *driver) fail(method, why string) {
	d.failed = true
	d.outcomes[method] = "FAILED: " + why
}

func (d *driver) report() {
	methods := reflect.TypeOf((*client.Client)(nil)).Elem()
	for i := range methods.NumMethod() {
		method := methods.Method(i).Name
		if d.outcomes[method] == "" {
			d.fail(method, "was not called")
		}
		fmt.Printf("  %-34s %s\n", method, d.outcomes[method])
	}
	fmt.Printf("  github.com/pulumi/esc v0.26.0, cmd/esc/cli/client: %d methods\n", methods.NumMethod())
}

func (d *driver) environments(ctx context.Context) {
	org := d.organization
	d.check("Insecure", nil, !d.Insecure())
	d.check("URL", nil, d.URL() == os.Getenv("PULUMI_BACKEND_URL"))
	user, orgs, _, err := d.GetPulumiAccountDetails(ctx)
	d.check("GetPulumiAccountDetails", err, user != "" && len(orgs) > 0 && orgs[0] == org)
	first, err := d.GetDefaultOrg(ctx)
	d.check("GetDefaultOrg", err, first == org)

	d.check("CreateEnvironmentWithProject", d.CreateEnvironmentWithProject(ctx, org, project, name), true)
	exists, err := d.EnvironmentExists(ctx, org, project, name)
	d.check("EnvironmentExists", err, exists)
	d.check("CreateEnvironment", d.CreateEnvironment(ctx, org, name), true)
	diags, err := d.UpdateEnvironment(ctx, org, name, []byte("values: {a: 1}\n"), "")
	d.check("UpdateEnvironment", err, len(diags) == 0)

	all, token, err := d.ListEnvironments(ctx, "")
	d.check("ListEnvironments", err, len(all) > 1 && token == "")
	mine, token, err := d.ListOrganizationEnvironments(ctx, org, "")
	d.check("ListOrganizationEnvironments", err, len(mine) == len(all) && token == "")

	definition := []byte("values:\n  region: eu-central-1\n  key: {fn::secret: hunter2}\n")
	diags, err = d.UpdateEnvironmentWithProject(ctx, org, project, name, definition, "")
	d.check("UpdateEnvironmentWithProject", err, len(diags) == 0)
	yaml, etag, revision, err := d.GetEnvironment(ctx, org, project, name, "", false)
	d.check("GetEnvironment", err, revision == 2 && !strings.Contains(string(yaml), "hunter2"))
	plain, _, _, err := d.GetEnvironment(ctx, org, project, name, "latest", true)
	d.check("GetEnvironment", err, strings.Contains(string(plain), "hunter2"))
	diags, revision, err = d.UpdateEnvironmentWithRevision(ctx, org, project, name, plain, etag)
	d.check("UpdateEnvironmentWithRevision", err, len(diags) == 0 && revision == 3)
	_, _, err = d.UpdateEnvironmentWithRevision(ctx, org, project, name, plain, etag)
	d.check("UpdateEnvironmentWithRevision", nil, err != nil)

	clone := client.CloneEnvironmentRequest{Name: name + "-clone", PreserveHistory: true}
	d.check("CloneEnvironment", d.CloneEnvironment(ctx, org, project, name, clone), true)
	_, findings, err := d.RotateEnvironment(ctx, org, project, name, nil)
	d.check("RotateEnvironment", err, len(findings) == 0)
}

func (d *driver) sessions(ctx context.Context) {
	org := d.organization
	id, diags, err := d.OpenEnvironment(ctx, org, project, name, "", hour)
	d.check("OpenEnvironment", err, id != "" && len(diags) == 0)
	opened, err := d.GetOpenEnvironmentWithProject(ctx, org, project, name, id)
	d.check("GetOpenEnvironmentWithProject", err, opened != nil && opened.Properties["key"].Value == "hunter2")
	value, err := d.GetOpenProperty(ctx, org, project, name, id, "region")
	d.check("GetOpenProperty", err, value != nil && value.Value == "eu-central-1")

	legacy, _, err := d.OpenEnvironment(ctx, org, client.DefaultProject, name, "2", hour)
	d.check("OpenEnvironment", err, legacy != "")
	opened, err = d.GetOpenEnvironment(ctx, org, name, legacy)
	d.check("GetOpenEnvironment", err, opened != nil && len(opened.Properties) == 1)

	checked, diags, err := d.CheckYAMLEnvironment(ctx, org, []byte("values: {a: b}\n"))
	d.check("CheckYAMLEnvironment", err, checked != nil && len(diags) == 0)
	_, diags, err = d.CheckYAMLEnvironment(ctx, org, []byte("values: {a: '${none}'}\n"))
	d.check("CheckYAMLEnvironment", err, len(diags) == 1)
	anonymous, diags, err := d.OpenYAMLEnvironment(ctx, org, []byte("values: {a: b}\n"), hour)
	d.check("OpenYAMLEnvironment", err, anonymous != "" && len(diags) == 0)
	opened, err = d.GetAnonymousOpenEnvironment(ctx, org, anonymous)
	d.check("GetAnonymousOpenEnvironment", err, opened != nil && opened.Properties["a"].Value == "b")
	value, err = d.GetAnonymousOpenProperty(ctx, org, anonymous, "a")
	d.check("GetAnonymousOpenProperty", err, value != nil && value.Value == "b")
}

func (d *driver) revisions(ctx context.Context) {
	org, two, three := d.organization, 2, 3
	revision, err := d.GetRevisionNumber(ctx, org, project, name, "latest")
	d.check("GetRevisionNumber", err, revision == 3)
	found, err := d.GetEnvironmentRevision(ctx, org, project, name, 2)
	d.check("GetEnvironmentRevision", err, found != nil && found.Number == 2)
	all, err := d.ListEnvironmentRevisions(ctx, org, project, name, client.ListEnvironmentRevisionsOptions{})
	d.check("ListEnvironmentRevisions", err, len(all) == 3)
	d.check("CreateEnvironmentRevisionTag", d.CreateEnvironmentRevisionTag(ctx, org, project, name, "live", &three), true)
	d.check("UpdateEnvironmentRevisionTag", d.UpdateEnvironmentRevisionTag(ctx, org, project, name, "live", &two), true)
	tag, err := d.GetEnvironmentRevisionTag(ctx, org, project, name, "live")
	d.check("GetEnvironmentRevisionTag", err, tag != nil && tag.Revision == 2)
	options := client.ListEnvironmentRevisionTagsOptions{After: "latest"}
	tags, err := d.ListEnvironmentRevisionTags(ctx, org, project, name, options)
	d.check("ListEnvironmentRevisionTags", err, len(tags) == 1 && tags[0].Name == "live")
	retracted := d.RetractEnvironmentRevision(ctx, org, project, name, "2", &three, "tried out")
	d.check("RetractEnvironmentRevision", retracted, true)
	tag, err = d.GetEnvironmentRevisionTag(ctx, org, project, name, "live")
	d.check("RetractEnvironmentRevision", err, tag != nil && tag.Revision == 3)
	d.check("DeleteEnvironmentRevisionTag", d.DeleteEnvironmentRevisionTag(ctx, org, project, name, "live"), true)
}

func (d *driver) metadata(ctx context.Context) {
	org := d.organization
	tag, err := d.CreateEnvironmentTag(ctx, org, project, name, "owner", "payments")
	d.check("CreateEnvironmentTag", err, tag != nil && tag.Value == "payments")
	tag, err = d.UpdateEnvironmentTag(ctx, org, project, name, "owner", "payments", "", "checkout")
	d.check("UpdateEnvironmentTag", err, tag != nil && tag.Value == "checkout" && tag.Name == "owner")
	tag, err = d.GetEnvironmentTag(ctx, org, project, name, "owner")
	d.check("GetEnvironmentTag", err, tag != nil && tag.Value == "checkout")
	tags, next, err := d.ListEnvironmentTags(ctx, org, project, name, client.ListEnvironmentTagsOptions{})
	d.check("ListEnvironmentTags", err, len(tags) == 1 && next == "")
	d.check("DeleteEnvironmentTag", d.DeleteEnvironmentTag(ctx, org, project, name, "owner"), true)
	// The environments of the program import base.
	options := client.ListEnvironmentReferrersOptions{}
	referrers, err := d.ListEnvironmentReferrers(ctx, org, project, "base", options)
	d.check("ListEnvironmentReferrers", err, referrers != nil && len(referrers.Referrers) > 0)
	_, err = d.CreateEnvironmentOpenRequest(ctx, org, project, name, 3600, 3600)
	d.check("CreateEnvironmentOpenRequest", err, true)
}

func (d *driver) drafts(ctx context.Context) {
	org := d.organization
	id, diags, err := d.CreateEnvironmentDraft(ctx, org, project, name, []byte("values: {a: 1}\n"), "")
	d.check("CreateEnvironmentDraft", err, id != "" && len(diags) == 0)
	_, etag, err := d.GetEnvironmentDraft(ctx, org, project, name, id)
	d.check("GetEnvironmentDraft", err, etag != "")
	diags, err = d.UpdateEnvironmentDraft(ctx, org, project, name, id, []byte("values: {a: 2}\n"), etag)
	d.check("UpdateEnvironmentDraft", err, len(diags) == 0)
	session, diags, err := d.OpenEnvironmentDraft(ctx, org, project, name, id, hour)
	d.check("OpenEnvironmentDraft", err, session != "" && len(diags) == 0)
	why := "tried out"
	d.check("SubmitChangeRequest", d.SubmitChangeRequest(ctx, org, id, &why), true)
}

func (d *driver) webhooks(ctx context.Context) {
	org := d.organization
	create := client.CreateEnvironmentWebhookRequest{
		Name: "chat", DisplayName: "Chat", Active: true, PayloadURL: "https://chat.example.com/hook",
		OrganizationName: org, ProjectName: project, EnvName: name, Secret: "hunter2",
	}
	hook, err := d.CreateEnvironmentWebhook(ctx, org, project, name, create)
	d.check("CreateEnvironmentWebhook", err, hook != nil && hook.HasSecret && hook.Secret == "")
	update := client.UpdateEnvironmentWebhookRequest{DisplayName: "Chat 2", PayloadURL: create.PayloadURL}
	hook, err = d.UpdateEnvironmentWebhook(ctx, org, project, name, "chat", update)
	d.check("UpdateEnvironmentWebhook", err, hook != nil && hook.DisplayName == "Chat 2" && !hook.Active)
	hook, err = d.GetEnvironmentWebhook(ctx, org, project, name, "chat")
	d.check("GetEnvironmentWebhook", err, hook != nil && hook.HasSecret)
	hooks, err := d.ListEnvironmentWebhooks(ctx, org, project, name)
	d.check("ListEnvironmentWebhooks", err, len(hooks) == 1)
	delivery, err := d.PingEnvironmentWebhook(ctx, org, project, name, "chat")
	d.check("PingEnvironmentWebhook", err, delivery != nil && delivery.Kind == "ping" && delivery.ResponseCode == 0)
	deliveries, err := d.ListEnvironmentWebhookDeliveries(ctx, org, project, name, "chat")
	d.check("ListEnvironmentWebhookDeliveries", err, len(deliveries) == 1)
	d.check("DeleteEnvironmentWebhook", d.DeleteEnvironmentWebhook(ctx, org, project, name, "chat"), true)
}

func (d *driver) schedules(ctx context.Context) {
	org := d.organization
	create := client.CreateEnvironmentScheduleRequest{ScheduleCron: "0 3 * * *"}
	made, err := d.CreateEnvironmentSchedule(ctx, org, project, name, create)
	d.check("CreateEnvironmentSchedule", err, made != nil && made.NextExecution != "")
	if made == nil {
		return
	}
	update := client.UpdateEnvironmentScheduleRequest{ScheduleCron: "0 4 * * *"}
	made, err = d.UpdateEnvironmentSchedule(ctx, org, project, name, made.ID, update)
	d.check("UpdateEnvironmentSchedule", err, made != nil && made.ScheduleCron == "0 4 * * *")
	found, err := d.GetEnvironmentSchedule(ctx, org, project, name, made.ID)
	d.check("GetEnvironmentSchedule", err, found != nil && found.ID == made.ID)
	all, err := d.ListEnvironmentSchedules(ctx, org, project, name)
	d.check("ListEnvironmentSchedules", err, all != nil && len(all.Schedules) == 1)
	history, err := d.ListEnvironmentScheduleHistory(ctx, org, project, name, made.ID)
	d.check("ListEnvironmentScheduleHistory", err, history != nil && len(history.ScheduleHistoryEvents) == 0)
	d.check("DeleteEnvironmentSchedule", d.DeleteEnvironmentSchedule(ctx, org, project, name, made.ID), true)
}

func (d *driver) deletion(ctx context.Context) {
	org, on, off := d.organization, true, false
	set := func(value *bool) error {
		request := client.PatchEnvironmentSettingsRequest{DeletionProtected: value}
		return d.PatchEnvironmentSettings(ctx, org, project, name, request)
	}
	d.check("PatchEnvironmentSettings", set(&on), true)
	settings, err := d.GetEnvironmentSettings(ctx, org, project, name)
	d.check("GetEnvironmentSettings", err, settings != nil && settings.DeletionProtected)
	protected := d.DeleteEnvironment(ctx, org, project, name)
	d.check("DeleteEnvironment", nil, protected != nil && strings.Contains(protected.Error(), "protect"))
	d.check("PatchEnvironmentSettings", set(&off), true)
	d.check("DeleteEnvironment", d.DeleteEnvironment(ctx, org, project, name), true)
	d.check("DeleteEnvironment", d.DeleteEnvironment(ctx, org, project, name+"-clone"), true)
	d.check("DeleteEnvironment", d.DeleteEnvironment(ctx, org, client.DefaultProject, name), true)
}
