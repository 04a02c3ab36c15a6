"use client";
import { useTranslations } from "next-intl";
import { Dialog } from "@/components/ui/Dialog";
import { Kbd } from "@/components/ui/Kbd";

const KEYS = [
  { keys: ["j", "↓"], what: "down" },
  { keys: ["k", "↑"], what: "up" },
  { keys: ["Enter"], what: "open" },
  { keys: ["/"], what: "search" },
  { keys: ["n"], what: "new" },
  { keys: ["Delete"], what: "delete" },
  { keys: ["?"], what: "help" },
] as const;

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const t = useTranslations("meetings");
  return (
    <Dialog isOpen onClose={onClose} size="sm" title={t("shortcuts")}>
      <dl className="grid grid-cols-[auto_1fr] items-center gap-x-6 gap-y-3 pt-2">
        {KEYS.map(({ keys, what }) => (
          <div key={what} className="contents">
            <dt className="flex gap-1.5">
              {keys.map((key) => (
                <Kbd key={key}>{key === "Delete" ? t("deleteKey") : key === "Enter" ? t("enterKey") : key}</Kbd>
              ))}
            </dt>
            <dd className="text-ink-soft">{t(`key.${what}`)}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
