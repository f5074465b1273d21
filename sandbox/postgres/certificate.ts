import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

const DAY = 86_400_000;

/**
 * A certificate that signs itself, for servers on this machine: valid for a day, for these names. Who trusts it trusts no
 * other. Source: RFC 5280, sections 4.1 and 4.2.1.6; DER: ITU-T X.690.
 */
export function selfSignedCertificate(names: readonly string[], now = Date.now()): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"));
  const name = sequence(set(sequence(oid("550403"), node(0x0c, Buffer.from("Escapement sandbox")))));
  const alternatives = names.map((text) => {
    const address = /^\d+(\.\d+){3}$/.test(text);
    return node(
      address ? 0x87 : 0x82,
      address ? Buffer.from(text.split(".").map(Number)) : Buffer.from(text),
    );
  });
  const toBeSigned = sequence(
    node(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    sequence(time(now - DAY), time(now + DAY)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    node(
      0xa3,
      sequence(
        sequence(oid("551d11"), node(0x04, sequence(...alternatives))),
        // It is its own authority.
        sequence(
          oid("551d13"),
          node(0x01, Buffer.from([0xff])),
          node(0x04, sequence(node(0x01, Buffer.from([0xff])))),
        ),
      ),
    ),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign("sha256", toBeSigned, privateKey)]);
  const der = sequence(toBeSigned, ecdsaWithSha256, node(0x03, signature));
  const lines = der.toString("base64").replace(/.{64}/g, "$&\n").trimEnd();
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

function node(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...contents: readonly Uint8Array[]) => node(0x30, ...contents);
const set = (...contents: readonly Uint8Array[]) => node(0x31, ...contents);
const integer = (bytes: Uint8Array) => node(0x02, bytes);
const oid = (hex: string) => node(0x06, Buffer.from(hex, "hex"));
/** UTCTime, as RFC 5280 wants it until 2049. */
const time = (milliseconds: number) =>
  node(0x17, Buffer.from(`${new Date(milliseconds).toISOString().replace(/[-:T]/g, "").slice(2, 14)}Z`));
