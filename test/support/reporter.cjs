// Mocha's spec report, closed by one line that tools can read: "N passed, N failed".
const { reporters } = require("mocha");

class Reporter extends reporters.Spec {
  done(failures, callback) {
    console.log(`${this.stats.passes} passed, ${this.stats.failures} failed`);
    callback(failures);
  }
}

module.exports = Reporter;
