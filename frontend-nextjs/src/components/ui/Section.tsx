"use client";
/** A part of a page: what it is about on the left, what there is to do on the right. */
import { useId, type ReactNode } from "react";

export function Section({ title, about, children }: { title: ReactNode; about?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section aria-labelledby={id} className="grid gap-x-12 gap-y-4 border-t border-line py-8 lg:grid-cols-[15rem_minmax(0,1fr)]">
      <div>
        <h2 id={id} className="font-serif text-lg font-semibold">
          {title}
        </h2>
        {about && <div className="mt-1 text-sm text-ink-soft">{about}</div>}
      </div>
      <div className="min-w-0">{children}</div>
    </section>
  );
}
