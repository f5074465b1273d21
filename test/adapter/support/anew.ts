/** For a suite about bundling itself: nothing is kept from one bundling to the next, as with `pulumi up`. */
export function bundleAnew(): void {
  const { ESCAPEMENT_BUNDLE_CACHE } = process.env;
  before(() => {
    delete process.env.ESCAPEMENT_BUNDLE_CACHE;
  });
  after(() => {
    process.env.ESCAPEMENT_BUNDLE_CACHE = ESCAPEMENT_BUNDLE_CACHE;
  });
}
