import { type FormFacts, type NamedForm, namedForms } from "./named";
import { isPlaceholder } from "./placeholder";

/**
 * The forms of secrets that a text holds somewhere: in a file that everybody may read, each is a leak. What is
 * plainly a placeholder is none.
 */
export function findTelltales(text: string): readonly NamedForm[] {
  return Object.entries<FormFacts>(namedForms)
    .filter(([, { telltale }]) => {
      const found = telltale?.exec(text)?.[0];
      return found !== undefined && !isPlaceholder(found);
    })
    .map(([name]) => name as NamedForm);
}
