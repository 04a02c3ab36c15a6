/** What can be undone and made again, as steps: autosaves of one visit to a segment are one step. */

interface Step {
  session: string;
  edits: string[];
}

const MOST = 100;

export class Steps {
  constructor(
    private done: Step[] = [],
    private undone: Step[] = [],
  ) {}

  get canUndo(): boolean {
    return this.done.length > 0;
  }

  get canRedo(): boolean {
    return this.undone.length > 0;
  }

  did(edit: string, session: string): void {
    this.undone = [];
    const last = this.done.at(-1);
    if (last && last.session === session) this.done = [...this.done.slice(0, -1), { session, edits: [...last.edits, edit] }];
    else this.done = [...this.done, { session, edits: [edit] }].slice(-MOST);
  }

  /** The edits to take back, in this order. */
  undo(): string[] {
    const step = this.done.at(-1);
    if (!step) return [];
    this.done = this.done.slice(0, -1);
    this.undone = [...this.undone, step];
    return step.edits.toReversed();
  }

  /** The edits to make again, in this order. */
  redo(): string[] {
    const step = this.undone.at(-1);
    if (!step) return [];
    this.undone = this.undone.slice(0, -1);
    this.done = [...this.done, { ...step, session: `${step.session} again` }];
    return step.edits;
  }

  /** It was refused: it is nowhere. */
  forget(edit: string): void {
    const without = (steps: Step[]) =>
      steps.map((step) => ({ ...step, edits: step.edits.filter((one) => one !== edit) })).filter((step) => step.edits.length > 0);
    this.done = without(this.done);
    this.undone = without(this.undone);
  }

  known(): Set<string> {
    return new Set([...this.done, ...this.undone].flatMap((step) => step.edits));
  }

  kept(): { done: Step[]; undone: Step[] } {
    return { done: this.done, undone: this.undone };
  }
}
