// In case one leaks, Pulumi's SDK makes a stack for each promise, and shows it only where PULUMI_DEBUG_PROMISE_LEAKS is
// set, as it never is here. Mapped to sources, they are a quarter of a run. What fails keeps its stack.

/** @param {{ debuggablePromise: Function }} debuggable the SDK's `runtime/debuggable` */
exports.spareStacks = (debuggable) => {
  const { debuggablePromise } = debuggable;
  debuggable.debuggablePromise = (...given) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(...given);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  };
};
