import assert from "node:assert/strict";
import { Alias } from "@pulumi/pulumi/proto/alias_pb.js";
import fc from "fast-check";
import { type Deployment, renderTree, Secret } from "../../sandbox/engine/index";
import { TestStack, type Wish } from "./in-process";

/** `name: change`, for everything that changed. */
function changed({ resources }: Deployment): string[] {
  return resources.flatMap(({ name, type, change }) =>
    change === "same" || type.startsWith("pulumi:") ? [] : [`${name}: ${change}`],
  );
}

function well(deployment: Deployment): Deployment {
  assert.equal(deployment.failure, undefined);
  return deployment;
}

describe("The engine, from one up to the next", () => {
  let stack: TestStack;

  beforeEach(() => {
    stack = new TestStack();
  });

  const up = async (...wishes: Wish[]) => well(await stack.deploy("up", wishes));

  it("does nothing when nothing has changed, and gives the program what it gave before", async () => {
    const first = await up({ name: "a", inputs: { label: "one", key: new Secret("hush") } });
    stack.done();
    const second = await up({ name: "a", inputs: { label: "one", key: new Secret("hush") } });
    assert.deepEqual([changed(second), stack.done()], [[], []]);
    const outputsIn = ({ resources }: Deployment) => resources.find(({ name }) => name === "a");
    assert.deepEqual(outputsIn(second)?.id, outputsIn(first)?.id);
    assert.equal(outputsIn(second)?.outputs.arn, outputsIn(first)?.outputs.arn);
    assert.ok(outputsIn(second)?.outputs.token instanceof Secret);
  });

  it("previews what up would do, and does none of it", async () => {
    await up({ name: "a", inputs: { label: "one" } }, { name: "old" });
    const state = stack.state;
    stack.done();
    const wishes = [{ name: "a", inputs: { label: "two" } }, { name: "new" }];
    const preview = well(await stack.deploy("preview", wishes));
    assert.deepEqual(changed(preview), ["a: update", "new: create", "old: delete"]);
    assert.deepEqual(stack.done(), []);
    assert.equal(stack.state, state);
    assert.deepEqual(changed(await up(...wishes)), changed(preview));
  });

  it("updates in place, and tells which property changed from what to what", async () => {
    await up({ name: "a", inputs: { label: "one", policy: '{"Statement":[{"Action":"read"}]}' } });
    const { resources, changes } = await up({
      name: "a",
      inputs: { label: "one", policy: '{"Statement":[{"Action":"write"}]}', extra: [1] },
    });
    assert.deepEqual(resources.find(({ name }) => name === "a")?.diff, [
      { path: "policy.Statement[0].Action", old: '"read"', new: '"write"' },
      { path: "extra", new: "[1]" },
    ]);
    assert.equal(changes.update, 1);
    assert.deepEqual([...stack.things.keys()], ["a-1"]);
  });

  it("replaces when a property cannot change in place: the new one first, the old one last", async () => {
    await up({ name: "a", inputs: { shape: "round" } }, { name: "b" });
    stack.done();
    await up({ name: "a", inputs: { shape: "square" } }, { name: "b", inputs: { label: "x" } });
    assert.deepEqual(stack.done(), ["create a", "update b", "delete a"]);
    assert.deepEqual([...stack.things.keys()], ["b-2", "a-3"]);
  });

  it("replaces the old one first when the program gives it a name that stays", async () => {
    await up({ name: "a", inputs: { name: "mine", shape: "round" } });
    stack.done();
    const { changes } = await up({ name: "a", inputs: { name: "mine", shape: "square" } });
    assert.deepEqual(stack.done(), ["delete a", "create a"]);
    assert.deepEqual(changes, { replace: 1 });
    await up({ name: "a", inputs: { name: "other", shape: "square" } });
    assert.deepEqual(stack.done(), ["create a", "delete a"]);
  });

  it("takes deleteBeforeReplace from the program, with all that would be replaced along, dependents first", async () => {
    const wishes = (shape: string): Wish[] => [
      {
        name: "a",
        inputs: { shape },
        options(request) {
          request.setDeletebeforereplacedefined(true);
          request.setDeletebeforereplace(true);
        },
      },
      { name: "b", inputs: { on: "a" }, uses: { on: ["a"] } },
      { name: "c", inputs: { on: "b" }, uses: { on: ["b"] } },
      { name: "d", inputs: { label: "of a" }, uses: { label: ["a"] } },
    ];
    await up(...wishes("round"));
    stack.done();
    const { changes } = await up(...wishes("square"));
    assert.deepEqual(stack.done(), ["delete c", "delete b", "delete a", "create a", "create b", "create c"]);
    assert.deepEqual(changes, { replace: 3, same: 1 });
  });

  it("deletes what left the program, in reverse order of dependence", async () => {
    await up(
      { name: "a" },
      { name: "b", uses: { on: ["a"] } },
      { name: "c", uses: { on: ["b"] } },
      { name: "z" },
    );
    stack.done();
    await up({ name: "z" });
    assert.deepEqual(stack.done(), ["delete c", "delete b", "delete a"]);
    const { changes } = well(await stack.deploy("destroy"));
    assert.deepEqual([changes, stack.things.size, stack.state?.resources], [{ delete: 1 }, 0, []]);
  });

  it("refuses to delete anything while something of it is protected", async () => {
    const protect = (name: string): Wish => ({ name, options: (request) => request.setProtect(true) });
    await up({ name: "a" }, protect("b"));
    stack.done();
    for (const deployment of [
      await stack.deploy("destroy"),
      await stack.deploy("preview"),
      await stack.deploy("up"),
    ]) {
      assert.equal(deployment.failure?.code, "ERR_ENGINE_PROTECTED");
      assert.match(
        deployment.failure?.message ?? "",
        /Thing "b" is protected, so nothing is deleted: remove protect/,
      );
    }
    assert.deepEqual(stack.done(), []);
    await up({ name: "a" }, { name: "b" });
    assert.deepEqual(changed(well(await stack.deploy("destroy"))), ["b: delete", "a: delete"]);
  });

  it("refuses to replace what the program protects, and replaces it when protection goes in the same up", async () => {
    const wish = (shape: string, isProtected: boolean): Wish => ({
      name: "a",
      inputs: { shape },
      options: (request) => request.setProtect(isProtected),
    });
    await up(wish("round", true));
    const refused = await stack.deploy("up", [wish("square", true)]);
    assert.match(
      refused.failure?.message ?? "",
      /protected and cannot be replaced, as the change of shape demands/,
    );
    assert.deepEqual(changed(await up(wish("square", false))), ["a: replace"]);
  });

  it("leaves in the cloud what is retained: when it leaves the program, is replaced, or all is destroyed", async () => {
    const retained = (name: string, shape = "round"): Wish => ({
      name,
      inputs: { shape },
      options: (request) => request.setRetainondelete(true),
    });
    await up(retained("a"), retained("b"), retained("c"));
    await up(retained("b", "square"), retained("c"));
    well(await stack.deploy("destroy"));
    assert.deepEqual([...stack.things.keys()], ["a-1", "b-2", "c-3", "b-4"]);
    assert.ok(!stack.done().some((line) => line.startsWith("delete")));
  });

  it("does not see changes of what it is told to ignore, inside objects and lists too", async () => {
    const wish = (label: string, team: string): Wish => ({
      name: "a",
      inputs: { label, tags: { team, owner: "me" }, rules: [{ port: team }] },
      options: (request) => request.setIgnorechangesList(["label", "tags.team", "rules[0].port"]),
    });
    await up(wish("one", "red"));
    assert.deepEqual(changed(await up(wish("two", "blue"))), []);
    assert.deepEqual([...stack.things.values()][0], {
      label: "one",
      tags: { team: "red", owner: "me" },
      rules: [{ port: "red" }],
    });
  });

  it("replaces when the program says so: replaceOnChanges, a new trigger, replaceWith", async () => {
    const wishes = (label: string): Wish[] => [
      { name: "a", inputs: { tags: { team: label } }, options: (r) => r.setReplaceonchangesList(["tags.*"]) },
      {
        name: "b",
        uses: {},
        options: (r) => r.setReplaceWithList(["urn:pulumi:dev::app::test:index:Thing::a"]),
      },
    ];
    await up(...wishes("red"));
    assert.deepEqual(changed(await up(...wishes("blue"))), ["a: replace", "b: replace"]);
  });

  it("knows a resource by its alias, and its children by their parent's", async () => {
    const group = (name: string, alias?: string): Wish[] => [
      {
        name,
        type: "test:index:Group",
        component: true,
        options(request) {
          const spec = new Alias.Spec();
          if (alias === undefined) return;
          spec.setName(alias);
          const entry = new Alias();
          entry.setSpec(spec);
          request.setAliasesList([entry]);
        },
      },
      { name: `${name}-first`, parent: name },
    ];
    await up(...group("old"));
    stack.done();
    assert.deepEqual(changed(await up(...group("new", "old"))), []);
    assert.deepEqual(stack.done(), []);
    assert.deepEqual(changed(await up(...group("new"))), []);
  });

  it("shows no secret in a diff, neither old nor new, nor one that was taken out of its wrapper", async () => {
    await up({ name: "a", inputs: { key: new Secret("first secret"), note: "plain" } });
    const deployment = await up({
      name: "a",
      inputs: { key: new Secret("other secret"), note: "holds other secret" },
    });
    assert.ok(!`${JSON.stringify(deployment)}${renderTree(deployment).join("\n")}`.includes("first secret"));
    assert.deepEqual(deployment.resources.find(({ name }) => name === "a")?.diff, [
      { path: "key", old: "[secret]", new: "[secret]" },
      { path: "note", old: '"plain"', new: '"holds [secret]"' },
    ]);
  });

  it("goes on from where a failure left it", async () => {
    stack.broken.add("c");
    const wishes: Wish[] = [
      { name: "a" },
      { name: "b", inputs: { on: "a" }, uses: { on: ["a"] } },
      { name: "c" },
      { name: "d" },
    ];
    const failed = await stack.deploy("up", wishes);
    assert.match(failed.failure?.message ?? "", /Thing "c": c is broken/);
    stack.broken.clear();
    stack.done();
    await up(...wishes);
    assert.deepEqual(stack.done(), ["create c", "create d"]);
  });

  it("deletes later what a failure kept it from deleting", async () => {
    await up({ name: "a", inputs: { shape: "round" } }, { name: "b" });
    stack.broken.add("b");
    assert.equal((await stack.deploy("up", [{ name: "a", inputs: { shape: "square" } }])).ok, false);
    stack.broken.clear();
    await up({ name: "a", inputs: { shape: "square" } });
    assert.deepEqual([...stack.things.keys()], ["a-3"]);
  });
});

describe("Whatever happened before", () => {
  const wish = (name: string): fc.Arbitrary<Wish | undefined> =>
    fc
      .option(
        fc.record({
          label: fc.constantFrom("one", "two"),
          shape: fc.constantFrom("round", "square"),
          on: fc.option(fc.constantFrom("a", "b", "c")),
        }),
        { nil: undefined },
      )
      .map(
        (chosen) =>
          chosen && {
            name,
            inputs: {
              label: chosen.label,
              shape: chosen.shape,
              // One that is named by the program is always named so: what waits for its deletion has its name still.
              ...("bd".includes(name) && { name: `my-${name}` }),
              ...(chosen.on !== null && chosen.on < name && { on: chosen.on }),
            },
            ...(chosen.on !== null && chosen.on < name && { uses: { on: [chosen.on] } }),
          },
      );
  const program = fc
    .tuple(...["a", "b", "c", "d"].map(wish))
    .map((wishes) => wishes.filter((one) => one !== undefined))
    // What it depends on is there.
    .map((wishes) =>
      wishes.map((one) => {
        const on = one.inputs?.on;
        if (on === undefined || wishes.some(({ name }) => name === on)) return one;
        const { on: _, ...inputs } = one.inputs ?? {};
        return { name: one.name, inputs };
      }),
    );
  const history = fc.array(fc.record({ program, broken: fc.subarray(["a", "b", "c", "d"]) }), {
    maxLength: 4,
  });

  it("an up that succeeds leaves exactly what the program asks for, and the next one does nothing", async () => {
    await fc.assert(
      fc.asyncProperty(history, program, async (earlier, last) => {
        const stack = new TestStack();
        for (const { program, broken } of earlier) {
          for (const name of broken) stack.broken.add(name);
          await stack.deploy("up", program);
          stack.broken.clear();
        }
        well(await stack.deploy("up", last));
        const sorted = (all: Iterable<object>) =>
          [...all].map((inputs) => JSON.stringify(Object.entries(inputs).sort())).sort();
        assert.deepEqual(sorted(stack.things.values()), sorted(last.map(({ inputs = {} }) => inputs)));
        stack.done();
        assert.deepEqual(changed(well(await stack.deploy("up", last))), []);
        assert.deepEqual(stack.done(), []);
        well(await stack.deploy("destroy"));
        assert.equal(stack.things.size, 0);
      }),
      { numRuns: 150 },
    );
  });

  it("the state that is told is what the cloud has at that moment", async () => {
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const stack = new TestStack();
        for (const { program, broken } of steps) {
          for (const name of broken) stack.broken.add(name);
          stack.onState = (state) => {
            const ids = state.resources.flatMap(({ id, type }) =>
              type.startsWith("test:") && id ? [id] : [],
            );
            assert.deepEqual(ids.sort(), [...stack.things.keys()].sort());
          };
          await stack.deploy("up", program);
          stack.broken.clear();
        }
      }),
      { numRuns: 100 },
    );
  });
});
