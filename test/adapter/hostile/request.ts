import { ask, type HostileCase } from "./case";

const invalid = { status: 400, code: "request_invalid" } as const;
const notJson = { status: 400, code: "request_invalid_json" } as const;

/** Requests that are not ESC's, and sources that misbehave. */
export const requestCases: readonly HostileCase[] = [
  { title: "an unknown path", status: 404, code: "not_found", path: "/admin" },
  { title: "the path with a trailing slash", status: 404, code: "not_found", path: "/open/" },
  { title: "the path in upper case", status: 404, code: "not_found", path: "/OPEN" },
  { title: "the path encoded", status: 404, code: "not_found", path: "/%6fpen" },
  { title: "the path by a detour", status: 404, code: "not_found", path: "/x/../open" },
  { title: "GET", status: 405, code: "method_not_allowed", method: "GET" },
  { title: "PUT", status: 405, code: "method_not_allowed", method: "PUT" },
  { title: "no content type", status: 415, code: "content_type", contentType: null },
  { title: "a form", status: 415, code: "content_type", contentType: "application/x-www-form-urlencoded" },
  {
    title: "a content type that begins like JSON",
    status: 415,
    code: "content_type",
    contentType: "application/jsonp",
  },
  { title: "a body longer than the limit", status: 413, code: "body_too_large", body: "x".repeat(65_537) },
  { title: "an empty body", ...notJson, body: "" },
  { title: "a body that is not JSON", ...notJson, body: "name=database" },
  { title: "JSON that is cut off", ...notJson, body: '{"source":"vault","name":"data' },
  { title: "a body that is not UTF-8", ...notJson, body: Buffer.from('{"name":"\xff\xfe"}', "latin1") },
  { title: "a body that is a JSON array", ...invalid, body: '["database"]' },
  { title: "a body that is a JSON string", ...invalid, body: '"database"' },
  { title: "a body that is null", ...invalid, body: "null" },
  { title: "an empty request", ...invalid, body: "{}" },
  {
    title: "a source that is not configured",
    ...invalid,
    body: ask({ source: "secrets-manager", name: "database" }),
  },
  { title: "a source called __proto__", ...invalid, body: ask({ source: "__proto__", name: "database" }) },
  { title: "a source that is an object", ...invalid, body: ask({ source: { a: 1 }, name: "database" }) },
  { title: "a name that is an object", ...invalid, body: ask({ source: "vault", name: { $ne: "" } }) },
  { title: "a name that is a list", ...invalid, body: ask({ source: "vault", name: ["database"] }) },
  {
    title: "a member nobody knows",
    ...invalid,
    body: ask({ source: "vault", name: "database", admin: true }),
  },
  {
    title: "a __proto__ member",
    ...invalid,
    body: '{"source":"vault","name":"database","__proto__":{"admin":true}}',
  },
  {
    title: "a source that throws the secret",
    status: 502,
    code: "source_unavailable",
    body: ask({ source: "vault", name: "broken-throws" }),
  },
  {
    title: "a source that answers no object",
    status: 502,
    code: "source_unavailable",
    body: ask({ source: "vault", name: "broken-text" }),
  },
  {
    title: "a source that answers what is not JSON",
    status: 502,
    code: "source_unavailable",
    body: ask({ source: "vault", name: "broken-cyclic" }),
  },
  {
    title: "a source that stalls",
    status: 504,
    code: "source_timeout",
    body: ask({ source: "vault", name: "broken-slow" }),
  },
  { title: "DELETE", status: 405, code: "method_not_allowed", method: "DELETE" },
  { title: "OPTIONS, as a browser asks", status: 405, code: "method_not_allowed", method: "OPTIONS" },
  {
    title: "two content types",
    status: 415,
    code: "content_type",
    contentType: "text/plain, application/json",
  },
  {
    title: "a __proto__ member inside the request's own",
    ...invalid,
    body: '{"source":"vault","name":{"__proto__":{"toString":"x"}}}',
  },
  {
    title: "a constructor member",
    ...invalid,
    body: ask({ source: "vault", name: "database", constructor: {} }),
  },
  { title: "two JSON values", ...notJson, body: '{"name":"database"}{"name":"database"}' },
  {
    title: "a source that answers more than the limit",
    status: 502,
    code: "source_too_large",
    body: ask({ source: "vault", name: "broken-huge" }),
  },
];
