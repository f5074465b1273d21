import assert from "node:assert/strict";
import { Routes } from "../../sandbox/routes";

describe("The routes", () => {
  it("lead known addresses to loopback, the longest first, and refuse any other by name", () => {
    const routes = new Routes({
      "https://api.pulumi.com": "http://127.0.0.1:1000",
      "https://api.pulumi.com/oidc": "http://127.0.0.1:2000/issuer/",
    });
    assert.equal(
      routes.resolve("https://api.pulumi.com/api/user?x=1").href,
      "http://127.0.0.1:1000/api/user?x=1",
    );
    assert.equal(
      routes.resolve("https://api.pulumi.com/oidc/.well-known/jwks").href,
      "http://127.0.0.1:2000/issuer/.well-known/jwks",
    );
    assert.equal(routes.resolve("https://api.pulumi.com/oidcx").href, "http://127.0.0.1:1000/oidcx");
    for (const address of [
      "https://evil.example/a?token=secret",
      "http://api.pulumi.com/",
      "http://127.0.0.1:1000/",
    ]) {
      assert.throws(() => routes.resolve(address), {
        code: "ERR_SANDBOX_NO_ROUTE",
        message: `sandbox: no route to ${new URL(address).origin}`,
      });
    }
    assert.deepEqual(new Routes(routes.toJSON()).toJSON(), routes.toJSON());
  });

  it("lead nowhere but to loopback", () => {
    for (const target of ["https://evil.example", "http://127.0.0.1.evil.example", "http://10.0.0.1"]) {
      assert.throws(() => new Routes({ "https://api.pulumi.com": target }), TypeError);
    }
  });

  it("refuse a fetch before anything leaves", async () => {
    await assert.rejects(new Routes().fetch("https://evil.example/secret"), {
      message: "sandbox: no route to https://evil.example",
    });
  });
});
