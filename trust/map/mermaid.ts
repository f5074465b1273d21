import type { MapEdge, MapNode, TrustMap } from "./build";

/** Characters of a line in a box or on an edge. */
const WIDTH = 34;

/**
 * The map as a Mermaid flowchart, from left to right. Entries that are reached in the same ways share one box, and
 * edges between the same two boxes one line, so that forty entries stay legible.
 */
export function renderMermaid(map: TrustMap): string {
  const { boxes, edges } = group(map);
  if (boxes.length === 0) return 'flowchart LR\n  none["nobody reaches anything"]\n';
  const ids = new Map(boxes.map(({ id }, index) => [id, `n${index}`]));
  const lines = [
    // Lines are broken here, at what belongs together; Mermaid would break them once more.
    '%%{init: {"flowchart": {"wrappingWidth": 600}}}%%',
    "flowchart LR",
    ...islands(boxes, edges).flatMap((island, index) => [
      `  subgraph s${index}[" "]`,
      "    direction LR",
      ...island.map(({ id, kind, labels }) => `    ${ids.get(id)}${shape(kind, labels)}:::${CLASSES[kind]}`),
      "  end",
      `  style s${index} fill:none,stroke:#ccc`,
    ]),
    ...edges.map(({ from, to, kind, whys }) => {
      const arrow = kind === "replaces" ? "-.->" : "-->";
      return `  ${ids.get(from)} ${arrow}|"${whys.flatMap((why) => wrap(why)).join("<br/>")}"| ${ids.get(to)}`;
    }),
    "  classDef who fill:#e8f0fe,stroke:#3367d6,color:#111",
    "  classDef role fill:#fff4e0,stroke:#b06000,color:#111",
    "  classDef rule fill:#f3e8fd,stroke:#8430ce,color:#111",
    "  classDef entry fill:#e6f4ea,stroke:#188038,color:#111,text-align:left",
  ];
  return `${lines.join("\n")}\n`;
}

const CLASSES: Readonly<Record<MapNode["kind"], string>> = {
  who: "who",
  role: "role",
  "adapter-rule": "rule",
  entry: "entry",
};

interface Box {
  readonly id: string;
  readonly kind: MapNode["kind"];
  readonly labels: readonly string[];
}

interface Line extends Pick<MapEdge, "from" | "to" | "kind"> {
  readonly whys: readonly string[];
}

function group({ nodes, edges }: TrustMap): { boxes: Box[]; edges: Line[] } {
  // Which box a node is in: its own, for entries that of all that are reached in the same ways.
  const boxOf = new Map<string, string>();
  const boxes = new Map<string, Box>();
  for (const node of nodes) {
    const ways = edges.filter(({ to }) => to === node.id).map(({ from, why }) => [from, why]);
    const id = node.kind === "entry" ? JSON.stringify(ways) : node.id;
    boxOf.set(node.id, id);
    boxes.set(id, { id, kind: node.kind, labels: [...(boxes.get(id)?.labels ?? []), node.label] });
  }
  const lines = new Map<string, Line>();
  for (const { from, to, kind, why } of edges) {
    const ends = { from: boxOf.get(from) ?? from, to: boxOf.get(to) ?? to, kind };
    const id = JSON.stringify(ends);
    lines.set(id, { ...ends, whys: [...new Set([...(lines.get(id)?.whys ?? []), why])] });
  }
  return { boxes: [...boxes.values()], edges: [...lines.values()] };
}

/** What hangs together, a stage as a rule: framed, so that nothing else is drawn through it. */
function islands(boxes: readonly Box[], edges: readonly Line[]): Box[][] {
  const islandOf = new Map(boxes.map(({ id }) => [id, id]));
  for (const { from, to } of edges) {
    const [one, other] = [islandOf.get(from) ?? from, islandOf.get(to) ?? to];
    for (const [id, island] of islandOf) if (island === other) islandOf.set(id, one);
  }
  return [...new Set(islandOf.values())].map((island) =>
    boxes.filter(({ id }) => islandOf.get(id) === island),
  );
}

function shape(kind: MapNode["kind"], labels: readonly string[]): string {
  // Names of entries are kept whole: they are what one looks for.
  const text =
    kind === "entry"
      ? labels.map(escaped).join("<br/>")
      : labels.flatMap((label) => wrap(label)).join("<br/>");
  return kind === "who" ? `(["${text}"])` : kind === "adapter-rule" ? `[["${text}"]]` : `["${text}"]`;
}

/** Breaks at spaces, so that names stay whole. */
function wrap(text: string): string[] {
  const lines: string[] = [""];
  for (const word of text.split(/(?<= )/)) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + word.length > WIDTH) lines.push(word);
    else lines[lines.length - 1] = last + word;
  }
  return lines.map((line) => escaped(line.trim()));
}

/** Mermaid's own way to write characters that would end a label or become markup. */
function escaped(text: string): string {
  return text.replace(/[#&<>"|[\](){}`\\\p{C}]/gu, (character) => `#${character.codePointAt(0)};`);
}
