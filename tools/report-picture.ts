// Draws the report of `npm run sandbox` as README shows it: npx tsx tools/report-picture.ts
// A picture of text, made from a real run, so that nobody has to retouch a screenshot.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { LaptopCloud } from "../sandbox/cloud";
import { runMainJob } from "../sandbox/main-job";
import { renderReport } from "../sandbox/report";

const root = join(__dirname, "..");
const target = join(root, "docs", "images", "sandbox-report.svg");
const [lineHeight, fontSize, characterWidth, margin] = [18, 13, 7.83, 20];

async function main(): Promise<void> {
  const cloud = await LaptopCloud.start();
  const report = await runMainJob({ cloud, directory: root }).finally(() => cloud.stop());
  if (!report.ok) throw new Error(renderReport(report));
  writeFileSync(target, draw(excerpt(renderReport(report))));
}

/** What shows most in least: staging's exports, some decisions, the adapter's answers, the verdict. */
function excerpt(text: string): string[] {
  const lines = ["$ npm run sandbox", "  …"];
  const section = (title: string, from: number, count: number) => {
    const all = text.split("\n");
    const start = all.findIndex((line) => line.startsWith(title));
    lines.push(...all.slice(start, start + 2), ...all.slice(start + 2 + from, start + 2 + from + count), "");
  };
  section("What acme/escapement/staging exports", 0, 7);
  section("Who may do what", 0, 12);
  lines.splice(-1, 1, "  …", "");
  section("What staging's adapter answers", 0, 13);
  lines.push(...text.trimEnd().split("\n").slice(-2));
  return lines;
}

function draw(lines: readonly string[]): string {
  const width = Math.ceil(80 * characterWidth + 2 * margin);
  const height = lines.length * lineHeight + 2 * margin;
  const rows = lines.map((line, index) => {
    const y = margin + (index + 1) * lineHeight - 4;
    return `<text x="${margin}" y="${y}"${colour(line)} xml:space="preserve">${escapeXml(line)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    ` font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${fontSize}" fill="#d7dde5">`,
    "<title>The report of npm run sandbox</title>",
    `<rect width="100%" height="100%" rx="8" fill="#161b22"/>`,
    ...rows,
    "</svg>\n",
  ].join("\n");
}

function colour(line: string): string {
  if (line.startsWith("$") || /^(What|Who|All well)/.test(line)) return ' fill="#ffffff" font-weight="bold"';
  if (line.startsWith("─")) return ' fill="#4b5563"';
  if (line.startsWith("✓")) return ' fill="#7ee2a8"';
  return "";
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
