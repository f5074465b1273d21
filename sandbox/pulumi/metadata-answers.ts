import * as z from "zod";
import { type Draft, readDraft, submitChangeRequest } from "./drafts";
import {
  createEnvironmentTag,
  deleteEnvironmentTag,
  type EnvironmentTag,
  environmentTag,
  updateEnvironmentTag,
} from "./environment-tags";
import type { EscService } from "./esc-service";
import { type HttpRequest, type HttpResponse, jsonResponse } from "./http-message";
import type { EnvironmentReference } from "./names";
import { includes } from "./permissions";
import { type Referrer, referrersOf } from "./referrers";
import { continuationToken, continuesAfter, entityTag, integer, pageOf, parseBody } from "./request-parts";

const newTagBody = z.object({ name: z.string(), value: z.string() });
const changedTagBody = z.object({
  currentTag: z.object({ value: z.string() }),
  newTag: z.object({ name: z.string().optional(), value: z.string().optional() }),
});
const settingsBody = z.object({ deletionProtected: z.boolean().optional() });
const submissionBody = z.object({ description: z.string().nullish() });

/**
 * What the REST API answers of the caller and around an environment: its tags, settings, drafts and who imports it.
 * Shapes as in the Go client (`cmd/esc/cli/client/apitype.go`). Throws `EscServiceError` for what is refused.
 */
export class MetadataAnswers {
  private readonly service: EscService;

  constructor(service: EscService) {
    this.service = service;
  }

  /** Whose token it is. Pulumi's field names come from the time when every user was GitHub's. */
  user(): HttpResponse {
    const { user, organizations } = this.service;
    return jsonResponse(200, {
      id: user.login,
      githubLogin: user.login,
      name: user.name,
      email: "",
      avatarUrl: "",
      organizations: organizations.map((name) => ({ githubLogin: name, name, avatarUrl: "" })),
      identities: [],
      siteAdmin: false,
      tokenInfo: { name: "sandbox" },
    });
  }

  /** The first organization; empty when there is none. The spelling is the Go client's. */
  defaultOrganization(): HttpResponse {
    return jsonResponse(200, { gitHubLogin: this.service.organizations[0] ?? "" });
  }

  tags(id: EnvironmentReference, { query }: HttpRequest): HttpResponse {
    const tags = [...this.tagsOf(id).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    const page = pageOf(tags, {
      after: query.get("after") ?? "",
      count: integer(query, "count") ?? this.service.pageSize,
      key: ({ name }) => name,
    });
    const byName = Object.fromEntries(page.items.map((tag) => [tag.name, this.edited(tag)]));
    return jsonResponse(200, { tags: byName, nextToken: page.last });
  }

  tag(id: EnvironmentReference, name: string): HttpResponse {
    return jsonResponse(200, this.edited(environmentTag(this.tagsOf(id), name)));
  }

  createTag(id: EnvironmentReference, { body }: HttpRequest): HttpResponse {
    const now = this.service.store.timestamp();
    const tag = createEnvironmentTag(this.tagsOf(id), { ...parseBody(newTagBody, body), now });
    return jsonResponse(200, this.edited(tag));
  }

  updateTag(id: EnvironmentReference, name: string, { body }: HttpRequest): HttpResponse {
    const { currentTag, newTag } = parseBody(changedTagBody, body);
    const now = this.service.store.timestamp();
    // The Go client leaves the name out where it stays, and the value where it would be empty.
    const change = { currentValue: currentTag.value, name: newTag.name, value: newTag.value, now };
    return jsonResponse(200, this.edited(updateEnvironmentTag(this.tagsOf(id), name, change)));
  }

  deleteTag(id: EnvironmentReference, name: string): HttpResponse {
    deleteEnvironmentTag(this.tagsOf(id), name);
    return { status: 204 };
  }

  settings(id: EnvironmentReference): HttpResponse {
    const { deletionProtected } = this.service.store.find(id);
    return jsonResponse(200, { deletionProtected });
  }

  changeSettings(id: EnvironmentReference, { body }: HttpRequest): HttpResponse {
    const { deletionProtected } = parseBody(settingsBody, body);
    const environment = this.service.store.find(id);
    environment.deletionProtected = deletionProtected ?? environment.deletionProtected;
    return this.settings(id);
  }

  /** Environments only: which stacks import what is not told to this service. */
  referrers(id: EnvironmentReference, { query }: HttpRequest): HttpResponse {
    this.service.store.find(id);
    const allRevisions = query.get("allRevisions") === "true";
    const found = [...referrersOf(this.service.store, id, { allRevisions })].flatMap(([version, referrers]) =>
      referrers
        .filter(
          (one) => this.service.permissionOn({ ...id, project: one.project, name: one.name }) !== "none",
        )
        .map((referrer) => ({ version, referrer, key: keyOf(version, referrer) })),
    );
    const page = pageOf(
      found.sort((a, b) => (a.key < b.key ? -1 : 1)),
      {
        after: continuesAfter(query),
        count: integer(query, "count") ?? this.service.pageSize,
        key: ({ key }) => key,
      },
    );
    const referrers: Record<string, { environment: Referrer }[]> = {};
    for (const { version, referrer } of page.items) {
      referrers[version] = [...(referrers[version] ?? []), { environment: referrer }];
    }
    return jsonResponse(200, { referrers, continuationToken: continuationToken(page.last) });
  }

  async createDraft(id: EnvironmentReference, { body, headers }: HttpRequest): Promise<HttpResponse> {
    return draftAnswer(await this.service.writeDraft(id, body, { ifMatch: entityTag(headers.etag) }));
  }

  draft(id: EnvironmentReference, draftId: string): HttpResponse {
    const { yaml, etag } = readDraft(this.service.store, id, draftId);
    return {
      status: 200,
      headers: { "content-type": "application/x-yaml", etag: `"${etag}"` },
      body: yaml,
    };
  }

  async updateDraft(
    id: EnvironmentReference,
    draftId: string,
    { body, headers }: HttpRequest,
  ): Promise<HttpResponse> {
    const ifMatch = entityTag(headers["if-match"]);
    return draftAnswer(await this.service.writeDraft(id, body, { draftId, ifMatch }));
  }

  async openDraft(id: EnvironmentReference, draftId: string, { query }: HttpRequest): Promise<HttpResponse> {
    const duration = query.get("duration") ?? undefined;
    const { id: session, diagnostics } = await this.service.openDraft(id, draftId, { duration });
    return jsonResponse(200, diagnostics.length > 0 ? { id: session, diagnostics } : { id: session });
  }

  submit(organization: string, draftId: string, { body }: HttpRequest): HttpResponse {
    const { description } = parseBody(submissionBody, body || "{}");
    submitChangeRequest(this.service.store, organization, draftId, description ?? "", (id) =>
      includes(this.service.permissionOn(id), "write"),
    );
    return jsonResponse(200, { code: 200, message: "" });
  }

  /** No environment here has a rule by which somebody would have to approve an open: nothing is requested. */
  requestOpen(id: EnvironmentReference): HttpResponse {
    this.service.store.find(id);
    return jsonResponse(200, { changeRequests: [] });
  }

  private tagsOf(id: EnvironmentReference): Map<string, EnvironmentTag> {
    return this.service.store.find(id).environmentTags;
  }

  private edited(tag: EnvironmentTag): object {
    const { login, name } = this.service.user;
    return { ...tag, editorLogin: login, editorName: name };
  }
}

function draftAnswer({ id, baseRevision }: Draft): HttpResponse {
  return jsonResponse(200, { changeRequestId: id, latestRevisionNumber: baseRevision });
}

function keyOf(version: string, { project, name, revision }: Referrer): string {
  return `${version} ${project}/${name} ${String(revision).padStart(9, "0")}`;
}
