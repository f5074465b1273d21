import assert from "node:assert/strict";
import { EscService } from "../../sandbox/pulumi/index";
import { write } from "./support";

const notFound = { code: "ERR_ESC_SERVICE_NOT_FOUND", status: 404 };

describe("An open session", () => {
  const staging = { organization: "acme", project: "web", name: "staging" };
  let now: number;
  let service: EscService;

  before(async () => {
    now = Date.UTC(2026, 10, 20);
    service = new EscService({ organizations: ["acme"], now: () => now });
    await write(
      service,
      "web/staging",
      `values:\n  password: {fn::secret: correct horse}\n  opened: "\${context.pulumi.openDuration}"\n`,
    );
    await write(service, "web/prod", "values: {a: 1}\n");
  });

  it("is read whole and by property, until it expires", async () => {
    const { id } = await service.open(staging, { duration: "15m" });
    assert.match(service.readSession(staging, id), /correct horse/);
    assert.match(service.readSession(staging, id, "password"), /^\{"value":"correct horse","secret":true,/);
    assert.match(service.readSession(staging, id, "opened"), /"15m0s"/);
    now += 15 * 60_000 - 1;
    service.readSession(staging, id);
    now += 1;
    assert.throws(() => service.readSession(staging, id), notFound);
    assert.throws(() => service.readSession(staging, id, "password"), notFound);
  });

  it("lasts an hour unless its opener says otherwise", async () => {
    const { id } = await service.open(staging);
    assert.match(service.readSession(staging, id, "opened"), /"1h0m0s"/);
    now += 3_600_000;
    assert.throws(() => service.readSession(staging, id), notFound);
    await assert.rejects(service.open(staging, { duration: "forever" }), {
      code: "ERR_ESC_SERVICE_BAD_REQUEST",
    });
  });

  it("is read under the name it was opened under, and no other", async () => {
    const { id } = await service.open(staging);
    const anonymous = await service.openYaml("acme", "imports: [web/staging]\n");
    assert.throws(() => service.readSession({ ...staging, name: "prod" }, id), notFound);
    assert.throws(() => service.readSession("acme", id), notFound);
    assert.throws(() => service.readSession(staging, anonymous.id), notFound);
    assert.match(service.readSession("acme", anonymous.id), /correct horse/);
  });

  it("keeps what was opened, whatever is written later, and ends with its environment", async () => {
    const prod = { ...staging, name: "prod" };
    const { id } = await service.open(prod);
    await service.update(prod, "values: {a: 2}\n");
    assert.match(service.readSession(prod, id, "a"), /"value":1/);
    service.delete(prod);
    assert.throws(() => service.readSession(prod, id), notFound);
  });

  it("comes with its values for a report, secrets redacted", async () => {
    const { redactedJson } = await service.open(staging);
    assert.deepEqual(JSON.parse(redactedJson), { opened: "1h0m0s", password: "[secret]" });
  });
});
