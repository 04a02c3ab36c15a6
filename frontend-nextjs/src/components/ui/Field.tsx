"use client";
import { useId, type ComponentProps, type ReactNode } from "react";
import { cx } from "@/lib/cx";

const BOX =
  "w-full rounded-md border border-line-strong bg-surface px-3 text-sm text-ink placeholder:text-ink-faint focus-visible:outline-offset-0 disabled:opacity-60 aria-invalid:border-danger";

interface Common {
  label: ReactNode;
  /** Under the box: what to write, or why. */
  hint?: ReactNode;
  /** What is wrong with it. */
  error?: ReactNode;
  /** The label is said, not shown. */
  isLabelHidden?: boolean;
}

function Around({ id, label, hint, error, isLabelHidden, children }: Common & { id: string; children: ReactNode }) {
  return (
    <div className="flex flex-col gap-1.5">
      <label htmlFor={id} className={isLabelHidden ? "sr-only" : "text-sm font-medium text-ink"}>
        {label}
      </label>
      {children}
      {hint && !error && (
        <p id={`${id}-hint`} className="text-xs text-ink-faint">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} role="alert" className="text-xs font-medium text-danger">
          {error}
        </p>
      )}
    </div>
  );
}

function described(id: string, { hint, error }: Common): string | undefined {
  if (error) return `${id}-error`;
  return hint ? `${id}-hint` : undefined;
}

export function TextField({ label, hint, error, isLabelHidden, className, ...rest }: Common & Omit<ComponentProps<"input">, "id">) {
  const id = useId();
  const common = { label, hint, error, isLabelHidden };
  return (
    <Around id={id} {...common}>
      <input {...rest} id={id} aria-invalid={error ? true : undefined} aria-describedby={described(id, common)} className={cx(BOX, "h-10", className)} />
    </Around>
  );
}

export function TextArea({ label, hint, error, isLabelHidden, className, ...rest }: Common & Omit<ComponentProps<"textarea">, "id">) {
  const id = useId();
  const common = { label, hint, error, isLabelHidden };
  return (
    <Around id={id} {...common}>
      <textarea {...rest} id={id} aria-invalid={error ? true : undefined} aria-describedby={described(id, common)} className={cx(BOX, "py-2", className)} />
    </Around>
  );
}

/** The browser's own list: works with every keyboard, screen reader and phone. */
export function SelectField({ label, hint, error, isLabelHidden, className, children, ...rest }: Common & Omit<ComponentProps<"select">, "id">) {
  const id = useId();
  const common = { label, hint, error, isLabelHidden };
  return (
    <Around id={id} {...common}>
      <select {...rest} id={id} aria-describedby={described(id, common)} className={cx(BOX, "h-10 pr-8", className)}>
        {children}
      </select>
    </Around>
  );
}

export function Checkbox({ label, hint, className, ...rest }: { label: ReactNode; hint?: ReactNode } & Omit<ComponentProps<"input">, "id" | "type">) {
  const id = useId();
  return (
    <div className={cx("flex items-start gap-2.5", className)}>
      <input {...rest} id={id} type="checkbox" aria-describedby={hint ? `${id}-hint` : undefined} className="mt-0.5 size-4.5 shrink-0 accent-accent" />
      <div>
        <label htmlFor={id} className="text-sm text-ink">
          {label}
        </label>
        {hint && (
          <p id={`${id}-hint`} className="text-xs text-ink-faint">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}
