import type { ReactNode } from "react";

export function RunHeading({ children, percent }: { children: ReactNode; percent?: string }) {
  return (
    <div className="flex items-baseline justify-between gap-4">
      <h2 id="run-heading" className="font-serif text-xl font-semibold">
        {children}
      </h2>
      {percent && (
        <span aria-hidden className="tabular font-serif text-2xl text-accent">
          {percent}
        </span>
      )}
    </div>
  );
}
