"use client";
/** A password of one's own, and how good it looks. */
import { useTranslations } from "next-intl";
import type { ReactNode } from "react";
import { PasswordField } from "@/components/ui/PasswordField";
import { cx } from "@/lib/cx";
import { MIN_LENGTH, strengthOf, type Strength } from "./strength";

const BARS: Record<Strength, number> = { short: 0, weak: 1, fair: 2, good: 3 };
const TONES: Record<Strength, string> = { short: "bg-danger", weak: "bg-danger", fair: "bg-warning", good: "bg-success" };

interface Props {
  label: ReactNode;
  value: string;
  onChange: (value: string) => void;
  username: string;
  error?: ReactNode;
  isFirst?: boolean;
}

export function NewPasswordField({ label, value, onChange, username, error, isFirst }: Props) {
  const t = useTranslations("account");
  const strength = strengthOf(value, username);
  return (
    <div className="flex flex-col gap-2">
      <PasswordField
        label={label}
        name="new-password"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        autoComplete="new-password"
        autoFocus={isFirst}
        minLength={MIN_LENGTH}
        hint={t("strength.hint")}
        error={error}
        required
      />
      {value && (
        <div className="flex items-center gap-3">
          <div aria-hidden className="flex flex-1 gap-1">
            {[1, 2, 3].map((bar) => (
              <span key={bar} className={cx("h-1 flex-1 rounded-full", bar <= BARS[strength] ? TONES[strength] : "bg-line")} />
            ))}
          </div>
          <p role="status" className="text-xs text-ink-soft">
            {strength === "short" ? t("strength.short", { left: MIN_LENGTH - [...value].length }) : t(`strength.${strength}`)}
          </p>
        </div>
      )}
    </div>
  );
}
