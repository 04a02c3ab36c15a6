import { CircleAlert, CircleCheck, Info, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx";

const TONES = {
  info: ["border-line bg-sunken text-ink-soft", Info],
  success: ["border-success/30 bg-success-soft text-success", CircleCheck],
  warning: ["border-warning/30 bg-warning-soft text-warning", TriangleAlert],
  danger: ["border-danger/30 bg-danger-soft text-danger", CircleAlert],
} as const;

/** Something to know about this page, until it is not so any more. */
export function Notice({ tone = "info", title, children, actions }: { tone?: keyof typeof TONES; title?: ReactNode; children?: ReactNode; actions?: ReactNode }) {
  const [names, Icon] = TONES[tone];
  return (
    <div role={tone === "danger" ? "alert" : "status"} className={cx("flex flex-wrap items-start gap-x-3 gap-y-2 rounded-md border px-4 py-3 text-sm", names)}>
      <Icon aria-hidden className="mt-0.5 size-4.5 shrink-0" />
      <div className="min-w-0 flex-1">
        {title && <p className="font-medium">{title}</p>}
        {children}
      </div>
      {actions && <div className="flex gap-2">{actions}</div>}
    </div>
  );
}
