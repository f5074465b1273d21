// As in the sandbox's runs: the SDK would map the stack of each promise to sources, half the time of a test under mocks.
require("../../sandbox/engine/lighter-sdk.cjs").spareStacks(require("@pulumi/pulumi/runtime/debuggable.js"));
