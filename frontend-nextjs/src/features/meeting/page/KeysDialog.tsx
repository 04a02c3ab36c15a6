"use client";
import { useTranslations } from "next-intl";
import { Dialog } from "@/components/ui/Dialog";
import { Kbd } from "@/components/ui/Kbd";

export default function KeysDialog({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }) {
  const t = useTranslations("meeting");
  const groups: [string, [string[], string][]][] = [
    [
      t("keys.listen"),
      [
        [[t("keys.space")], t("keys.toggle")],
        [["←", "→"], t("keys.five")],
        [["⇧ ←", "⇧ →"], t("keys.one")],
      ],
    ],
    [
      t("keys.read"),
      [
        [["j", "k"], t("keys.lines")],
        [["↑", "↓"], t("keys.arrows")],
        [["Enter"], t("keys.hear")],
        [["Ctrl F"], t("keys.find")],
        [["n", "N"], t("keys.matches")],
      ],
    ],
    [
      t("keys.correct"),
      [
        [["e"], t("keys.edit")],
        [["Ctrl Z"], t("keys.undo")],
        [["Ctrl ⇧ Z"], t("keys.redo")],
      ],
    ],
  ];
  return (
    <Dialog isOpen={isOpen} onClose={onClose} title={t("keys.title")}>
      <div className="flex flex-col gap-5">
        {groups.map(([title, keys]) => (
          <section key={title}>
            <h3 className="mb-1 text-xs font-medium text-ink-faint">{title}</h3>
            <dl className="divide-y divide-line">
              {keys.map(([names, text]) => (
                <div key={text} className="flex min-h-10 items-center justify-between gap-4">
                  <dt className="order-last flex shrink-0 gap-1.5">
                    {names.map((name) => (
                      <Kbd key={name}>{name}</Kbd>
                    ))}
                  </dt>
                  <dd>{text}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
