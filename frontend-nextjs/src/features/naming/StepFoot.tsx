import type { ReactNode } from "react";

/** What a step ends with: stays in sight while the rest is scrolled. */
export function StepFoot({ children }: { children: ReactNode }) {
  return <div className="sticky -bottom-3 -mb-3 flex flex-wrap justify-between gap-2 bg-surface pt-2 pb-3">{children}</div>;
}
