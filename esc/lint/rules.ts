/** How grave a finding is. */
export type Severity = "error" | "warning";

/** One thing that the check looks for. */
export interface Rule {
  readonly severity: Severity;
  /** What it finds, in a few words. */
  readonly title: string;
  readonly why: string;
  readonly fix: string;
}

/** Every rule by its id, which never changes its meaning. docs/check.md tells them with examples, which are tested. */
export const RULES = {
  E00: {
    severity: "error",
    title: "what Pulumi's own evaluator finds",
    why: "Pulumi ESC refuses to save a definition with errors, and Pulumi's provider one with warnings, after it has been written.",
    fix: "Mend what the message names.",
  },
  E01: {
    severity: "error",
    title: "variables, files or configuration beside values",
    why: "ESC reads them inside values only, and drops the whole block with a warning: commands run without any of it.",
    fix: "Move the block into values, one level deeper.",
  },
  E02: {
    severity: "error",
    title: "a plain-text secret",
    why: "Whoever keeps a definition in git keeps its secrets there too.",
    fix: "Keep the value in AWS Secrets Manager, or set it in ESC: pulumi env set --secret. A file holds its ciphertext at most.",
  },
  E03: {
    severity: "error",
    title: "a literal that is a credential, or stands where the inventory has a secret",
    why: "Nothing marks it as secret: it shows in the console, in logs and in git.",
    fix: "Put the value where secrets live and refer to it. A made-up value: declare it as a setting in the inventory.",
  },
  E04: {
    severity: "error",
    title: "secrecy that is lost on the way",
    why: "Pulumi's evaluator does not mark the single parts of a secret that was split, nor the inherited members of an object that becomes text; secret: false makes an answer plain.",
    fix: "Store the parts as JSON and take them with fn::fromJSON; refer to members one by one; leave secret: false to what is not secret.",
  },
  E05: {
    severity: "warning",
    title: "a list that hides imported items",
    why: "Lists replace each other, they are not joined.",
    fix: 'Join them: fn::concat: [["own"], "${imports[\\"project/name\\"].list}"], or give the list another name.',
  },
  E06: {
    severity: "warning",
    title: "an unpinned import in production",
    why: "What somebody saves there is in production at the next open, unseen.",
    fix: "Pin it: project/name@live where it is promoted by verify, otherwise a tag or revision.",
  },
  E07: {
    severity: "error",
    title: "an environment that logs in, pinned at anything but live",
    why: "The version is part of the name that the login presents, and the role trusts the environment and its @live only.",
    fix: "Import project/name@live.",
  },
  E08: {
    severity: "error",
    title: "a login that does not say which environment it is in",
    why: "Under pulumi up its subject is env:<yaml> for every environment of the organization, so no role can trust just this one.",
    fix: "subjectAttributes: [currentEnvironment.name].",
  },
  E09: {
    severity: "error",
    title: "an AWS session as a value",
    why: "Everyone who opens the environment, or one that imports it, gets the session.",
    fix: "Write fn::open::aws-login inside login: of the provider that needs it.",
  },
  E10: {
    severity: "error",
    title: "a role or an entry that the program does not declare",
    why: "It is not there, or it is somebody else's: the whole block fails to open.",
    fix: "Declare it in the inventory, or correct the name.",
  },
  E11: {
    severity: "error",
    title: "a rotator beside other values",
    why: "ESC writes the new credential into this definition, so an environment with a rotator cannot be rolled back, and whoever writes it anew loses the credential.",
    fix: "Give the rotator an environment of its own, with nothing but what is read from it, and import that.",
  },
  E12: {
    severity: "error",
    title: "a key that the stack file and the environment both set",
    why: "The stack file wins, so a change in ESC has no effect.",
    fix: "Take it out of Pulumi.<stack>.yaml.",
  },
  E13: {
    severity: "warning",
    title: "something that nothing reads",
    why: "What is opened needs permissions and time, and keeps the environment from opening when it fails.",
    fix: "Remove it, or refer to it.",
  },
  E14: {
    severity: "warning",
    title: "a key of one import that a later import hides",
    why: "The later import wins without a word, also with what it only inherits.",
    fix: "Give one of them another name, or import with merge: false and refer to what is meant.",
  },
  E15: {
    severity: "warning",
    title: "an override that the import's own references do not see",
    why: "References are bound where they are written: what the import makes of the value keeps the import's own.",
    fix: "Override what is made of it as well, or only that.",
  },
  E16: {
    severity: "error",
    title: "an import without its project, or in the project default",
    why: "A bare name means default/name. The legacy project default is shared, and its tokens do not name the project.",
    fix: "Write project/name.",
  },
  E17: {
    severity: "error",
    title: "a stack with its organization",
    why: "pulumi-stacks reads stacks of the environment's own organization and takes project/stack.",
    fix: "Leave the organization out.",
  },
  E18: {
    severity: "error",
    title: "a member of an entry that was not decoded",
    why: "The provider gives each entry as text, and text has no members.",
    fix: "Decode it first: fn::fromJSON: ${entries.name}, and refer to the result.",
  },
  E19: {
    severity: "error",
    title: "a variable or file that is a list or an object",
    why: "ESC exports scalars, and leaves everything else out without a word.",
    fix: "Make text of it: fn::toJSON.",
  },
  E20: {
    severity: "error",
    title: "a reference to another environment without its project",
    why: "${environments.name} is unknown without a word, also when it is opened.",
    fix: "Write ${environments.project.name.path}.",
  },
  E21: {
    severity: "warning",
    title: "an input that the provider does not have",
    why: "ESC lets it pass, so a misspelt option has no effect.",
    fix: "Correct the name: the message lists those that there are.",
  },
} as const satisfies Readonly<Record<string, Rule>>;

/** The id of a rule. */
export type RuleId = keyof typeof RULES;
