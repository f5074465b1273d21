import assert from "node:assert/strict";
import { formatAnnotation, maskSecrets } from "../../cli/github-log";

describe("What GitHub's runner is told", () => {
  const pem = `-----BEGIN PRIVATE KEY-----\n  MIIEvQIBADANBgkq\r\nhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n`;

  it("masks a secret line by line, each line once, without the blanks around it", () => {
    const { commands, unmasked } = maskSecrets([pem, "hkiG9w0BAQEFAASC", "50%\tof-it"]);
    assert.deepEqual(commands, [
      "::add-mask::MIIEvQIBADANBgkq",
      "::add-mask::hkiG9w0BAQEFAASC",
      "::add-mask::50%25\tof-it",
    ]);
    assert.equal(unmasked, 0);
  });

  it("masks nothing that would blot out the log, and counts what it leaves", () => {
    const trivial = ["", "abc12", "true", "localhost", "staging", "5432", "127.0.0.1", "undefined", "{\n}\n"];
    assert.deepEqual(maskSecrets(trivial), { commands: [], unmasked: trivial.length });
    const json = '{\n  "password": "k3y-of-the-test"\n}';
    assert.deepEqual(maskSecrets([json]).commands, ['::add-mask::"password": "k3y-of-the-test"']);
  });

  it("cannot be made to say another command by what it is given", () => {
    const annotation = formatAnnotation({
      level: "error",
      title: "a,b:c\n::stop-commands::x",
      message: "100%\n::add-mask::x",
      file: "esc/inventory.ts",
      line: 7,
    });
    assert.equal(
      annotation,
      "::error title=a%2Cb%3Ac%0A%3A%3Astop-commands%3A%3Ax,file=esc/inventory.ts,line=7::100%25%0A::add-mask::x",
    );
    assert.equal(maskSecrets(["first-line\n::warning::second"]).commands.length, 2);
  });
});
