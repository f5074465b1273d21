/** Whether the long counts are run: `npm run soak` sets the variable. The one place that reads it. */
export const soak = process.env.ESCAPEMENT_SOAK === "1";
