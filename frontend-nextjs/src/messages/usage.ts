/** Which messages the sources ask for: for the catalogues' test, never shipped.
 *
 * Reads `t("key")`, `t.rich`, `t.has` ... of every `const t = useTranslations("ns")`. A template counts for all keys of its
 * shape; a key that is computed in another way counts for every text in the same file that is a key.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

export interface Wanted {
  file: string;
  line: number;
  /** Of which namespaces it may be: one name may stand for several in a file with several functions. */
  namespaces: string[];
  /** `form.title`, or `status.*` for a template. */
  key: string;
}

export interface Usage {
  wanted: Wanted[];
  /** Namespaces whose keys are computed from something that is not in the sources, such as an error's code. */
  computed: { file: string; line: number; namespaces: string[]; texts: Set<string> }[];
}

const METHODS = new Set(["rich", "markup", "has", "raw"]);

export function usageIn(folder: string, namespaces: readonly string[]): Usage {
  const usage: Usage = { wanted: [], computed: [] };
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.tsx?$/.test(entry.name) || /\.(test|d)\.tsx?$/.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    readFile(file, readFileSync(file, "utf8"), namespaces, usage);
  }
  return usage;
}

/** Exported for its test. */
export function readFile(file: string, text: string, namespaces: readonly string[], usage: Usage): void {
  if (!/\bt\w*[.(]/.test(text)) return;
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, file.endsWith("x") ? ts.ScriptKind.TSX : ts.ScriptKind.TS);
  const translators = translatorsIn(source, namespaces);
  if (translators.size === 0) return;
  const texts = new Set<string>();
  visit(source, (node) => {
    if (ts.isStringLiteralLike(node)) texts.add(node.text);
    if (ts.isTemplateExpression(node)) texts.add(shapeOf(node));
  });
  visit(source, (node) => {
    if (!ts.isCallExpression(node)) return;
    const owners = ownersOf(node.expression, translators);
    const [argument] = node.arguments;
    if (!owners || !argument) return;
    const place = { file, line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1, namespaces: [...owners] };
    const isKnown = keysIn(argument, (key) => usage.wanted.push({ ...place, key }));
    if (!isKnown) usage.computed.push({ ...place, texts });
  });
}

/** Names that hold a translator, with its namespaces; "" is all of the catalogue. */
function translatorsIn(source: ts.SourceFile, namespaces: readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  const add = (name: string, namespace: string) => found.set(name, (found.get(name) ?? new Set()).add(namespace));
  visit(source, (node) => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer && ts.isCallExpression(node.initializer)) {
      if (node.initializer.expression.getText() !== "useTranslations") return;
      const [namespace] = node.initializer.arguments;
      add(node.name.text, namespace && ts.isStringLiteralLike(namespace) ? namespace.text : "");
    }
    if (ts.isParameter(node) && ts.isIdentifier(node.name) && node.type && /useTranslations|Translat/.test(node.type.getText())) {
      const namespace = node.type.getText().match(/"([\w.]+)"/)?.[1];
      for (const one of namespace !== undefined ? [namespace] : namespaces) add(node.name.text, one);
    }
  });
  return found;
}

function ownersOf(callee: ts.Expression, translators: Map<string, Set<string>>): Set<string> | undefined {
  if (ts.isIdentifier(callee)) return translators.get(callee.text);
  if (ts.isPropertyAccessExpression(callee) && METHODS.has(callee.name.text) && ts.isIdentifier(callee.expression)) return translators.get(callee.expression.text);
  return undefined;
}

/** False: some of it cannot be read off the source. */
function keysIn(expression: ts.Expression, take: (key: string) => void): boolean {
  if (ts.isStringLiteralLike(expression)) {
    take(expression.text);
    return true;
  }
  if (ts.isTemplateExpression(expression)) {
    const shape = shapeOf(expression);
    if (shape.startsWith("*")) return false;
    take(shape);
    return true;
  }
  if (ts.isParenthesizedExpression(expression) || ts.isAsExpression(expression) || ts.isSatisfiesExpression(expression)) return keysIn(expression.expression, take);
  if (ts.isConditionalExpression(expression)) {
    const isFirstKnown = keysIn(expression.whenTrue, take);
    return keysIn(expression.whenFalse, take) && isFirstKnown;
  }
  return false;
}

function shapeOf(template: ts.TemplateExpression): string {
  return template.head.text + template.templateSpans.map((span) => `*${span.literal.text}`).join("");
}

function visit(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => visit(child, see));
}

/** Whether a key is one of a template's: `*` stands for anything. */
export function fits(key: string, shape: string): boolean {
  if (!shape.includes("*")) return key === shape;
  const pattern = shape.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${pattern.join(".+")}$`).test(key);
}
