"use client";
/** One of a few, within a `Menu`; choosing does not close it. */
import { Check } from "lucide-react";
import { DropdownMenu } from "radix-ui";

interface Props<Value extends string> {
  label: string;
  value: Value;
  options: { value: Value; label: string }[];
  onChange: (value: Value) => void;
}

export function MenuRadio<Value extends string>({ label, value, options, onChange }: Props<Value>) {
  return (
    <DropdownMenu.RadioGroup aria-label={label} value={value} onValueChange={(chosen) => onChange(chosen as Value)} className="flex gap-1 px-1.5 pb-1">
      {options.map((option) => (
        <DropdownMenu.RadioItem
          key={option.value}
          value={option.value}
          onSelect={(event) => event.preventDefault()}
          className="flex min-h-9 flex-1 cursor-pointer items-center justify-center gap-1.5 rounded-sm px-2 text-sm text-ink-soft outline-none select-none data-highlighted:bg-sunken data-[state=checked]:font-medium data-[state=checked]:text-accent"
        >
          <DropdownMenu.ItemIndicator>
            <Check aria-hidden className="size-4" />
          </DropdownMenu.ItemIndicator>
          {option.label}
        </DropdownMenu.RadioItem>
      ))}
    </DropdownMenu.RadioGroup>
  );
}
