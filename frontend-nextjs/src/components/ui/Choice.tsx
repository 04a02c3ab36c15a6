"use client";
/** One of a few, all in sight: native radio buttons that look like one control. */
import { useId, type ReactNode } from "react";
import { cx } from "@/lib/cx";

interface Option<T extends string> {
  value: T;
  label: string;
  icon?: ReactNode;
}

interface Props<T extends string> {
  label: string;
  isLabelHidden?: boolean;
  /** Only the icons are shown; the words are said. */
  isCompact?: boolean;
  value: T;
  options: Option<T>[];
  onChange: (value: T) => void;
}

export function Choice<T extends string>({ label, isLabelHidden, isCompact, value, options, onChange }: Props<T>) {
  const name = useId();
  return (
    <fieldset>
      <legend className={isLabelHidden ? "sr-only" : "mb-1.5 text-sm font-medium text-ink"}>{label}</legend>
      <div className="inline-flex rounded-md border border-line bg-surface p-0.5">
        {options.map((option) => (
          <label
            key={option.value}
            title={isCompact ? option.label : undefined}
            className={cx(
              "relative flex min-h-8 min-w-8 items-center justify-center gap-1.5 rounded-sm px-2 text-xs font-medium text-ink-soft transition-colors hover:text-ink max-sm:min-h-10 max-sm:min-w-10",
              "has-checked:bg-accent-soft has-checked:text-accent has-focus-visible:outline-2 has-focus-visible:outline-accent [&_svg]:size-4",
            )}
          >
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
              className="absolute inset-0 size-full cursor-pointer appearance-none outline-none"
            />
            {option.icon && <span aria-hidden>{option.icon}</span>}
            <span className={isCompact && option.icon ? "sr-only" : undefined}>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
