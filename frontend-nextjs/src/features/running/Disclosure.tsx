import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";

/** Details for whoever wants them. */
export function Disclosure({ label, children }: { label: ReactNode; children: ReactNode }) {
  return (
    <details className="group text-sm">
      <summary className="flex min-h-8 w-fit items-center gap-1.5 text-ink-faint hover:text-ink max-sm:min-h-10">
        <ChevronRight aria-hidden className="size-4 transition-transform group-open:rotate-90" />
        {label}
      </summary>
      <div className="mt-2">{children}</div>
    </details>
  );
}
