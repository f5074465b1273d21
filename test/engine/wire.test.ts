import assert from "node:assert/strict";
import fc from "fast-check";
import { Struct } from "google-protobuf/google/protobuf/struct_pb.js";
import {
  Archive,
  Asset,
  carrySecrets,
  type PropertyMap,
  type PropertyValue,
  plainMap,
  ResourceReference,
  Secret,
  toPropertyMap,
  UNKNOWN,
} from "../../sandbox/engine/values";
import { decodeStruct, encodeStruct } from "../../sandbox/engine/wire";

const signature = "4dabf18193072939515e22adb298388d";

// google-protobuf itself loses a key of the name `__proto__`.
const name = fc.string().filter((text) => text !== "__proto__");
const asset = fc.oneof(
  fc.string().map((text) => new Asset({ text })),
  fc.constantFrom("a.txt", "/b/c").map((file) => new Asset({ path: file })),
);
const archive = fc.oneof(
  fc.constantFrom("folder", "/b/c.zip").map((file) => new Archive({ path: file })),
  fc.dictionary(name, asset, { noNullPrototype: true }).map((assets) => new Archive({ assets })),
);
const { map } = fc.letrec<{ map: PropertyMap; value: PropertyValue }>((tie) => ({
  map: fc.dictionary(name, tie("value"), { maxKeys: 4, noNullPrototype: true }),
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false, UNKNOWN),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.string(),
    asset,
    archive,
    fc.constantFrom(new ResourceReference("urn:a", undefined), new ResourceReference("urn:b", "id")),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("map"),
    tie("value").map((value) => new Secret(value)),
  ),
}));

/** Opens secrets into something that `deepEqual` can compare. */
function open(value: PropertyValue): unknown {
  if (value instanceof Secret) return { secret: open(value.reveal()) };
  if (value instanceof Asset || value instanceof Archive) return { ...value };
  if (value === UNKNOWN || value instanceof ResourceReference) return value;
  if (Array.isArray(value)) return value.map(open);
  if (typeof value !== "object" || value === null) return value;
  return new Map(Object.entries(value).map(([name, part]) => [name, open(part)]));
}

describe("Pulumi's wire form", () => {
  it("carries every value there and back", () => {
    fc.assert(
      fc.property(map, (values) => {
        const bytes = encodeStruct(values).serializeBinary();
        assert.deepEqual(open(decodeStruct(Struct.deserializeBinary(bytes))), open(values));
      }),
    );
  });

  it("reads an output value as its value, unknown when it has none, secret when it says so", () => {
    const output = (fields: Record<string, string | boolean | string[]>) => ({
      [signature]: "d0e6a833031e9bbcd3f4e8bde6ca49a4",
      ...fields,
    });
    const decoded = decodeStruct(
      Struct.fromJavaScript({
        known: output({ value: "a", dependencies: ["urn:x"] }),
        unknown: output({}),
        hidden: output({ value: "b", secret: true }),
        hiddenUnknown: output({ secret: true }),
      }),
    );
    assert.deepEqual([decoded.known, decoded.unknown], ["a", UNKNOWN]);
    assert.equal(decoded.hidden instanceof Secret && decoded.hidden.reveal(), "b");
    assert.equal(decoded.hiddenUnknown instanceof Secret && decoded.hiddenUnknown.reveal(), UNKNOWN);
  });

  it("refuses a signature that it does not know instead of passing it on", () => {
    const struct = Struct.fromJavaScript({ a: { [signature]: "somethingnew", value: 1 } });
    assert.throws(() => decodeStruct(struct), TypeError);
  });
});

describe("property values", () => {
  it("carry secrets from inputs to outputs of the same name, part by part in objects, whole elsewhere", () => {
    const inputs = { a: new Secret("x"), b: { c: new Secret("y"), d: 1 }, e: [new Secret("z")], f: 2 };
    const outputs = carrySecrets({ a: "x", b: { c: "y", d: 1 }, e: ["z"], f: 2, g: 3 }, inputs);
    assert.equal(
      JSON.stringify(outputs),
      '{"a":"[secret]","b":{"c":"[secret]","d":1},"e":"[secret]","f":2,"g":3}',
    );
  });

  it("open for providers: secrets as values, resources as their ids, components as their urns", () => {
    const opened = plainMap({
      secret: new Secret({ inner: [new Secret(1)] }),
      resource: new ResourceReference("urn:a", "id-a"),
      component: new ResourceReference("urn:c", undefined),
      planned: new ResourceReference("urn:p", UNKNOWN),
    });
    assert.deepEqual(opened, {
      secret: { inner: [1] },
      resource: "id-a",
      component: "urn:c",
      planned: UNKNOWN,
    });
  });

  it("name the property that a provider answered with something else, never its value", () => {
    for (const bad of [new Date(0), 1n, Number.NaN, () => "hush", new Map([["hush", 1]])]) {
      assert.throws(
        () => toPropertyMap({ fine: 1, deep: { list: [1, bad] } }),
        (error: Error) => error instanceof TypeError && /^deep\.list\[1\] /.test(error.message),
      );
    }
  });

  it("leave out what is undefined", () => {
    assert.deepEqual(toPropertyMap({ a: undefined, b: null }), { b: null });
  });
});
