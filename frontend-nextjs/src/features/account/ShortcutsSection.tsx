"use client";
import { useTranslations } from "next-intl";
import { Kbd } from "@/components/ui/Kbd";
import { Section } from "@/components/ui/Section";

export function ShortcutsSection() {
  const t = useTranslations("account.keys");
  const groups = [
    {
      title: t("everywhere"),
      keys: [
        { keys: ["Tab", "⇧ Tab"], what: t("tab") },
        { keys: ["Esc"], what: t("escape") },
      ],
    },
    {
      title: t("meeting"),
      keys: [
        { keys: [t("spaceKey")], what: t("space") },
        { keys: ["←", "→"], what: t("arrows") },
        { keys: ["Ctrl F"], what: t("find") },
      ],
    },
  ];
  return (
    <Section title={t("title")}>
      <div className="grid gap-8 sm:grid-cols-2">
        {groups.map((group) => (
          <div key={group.title}>
            <h3 className="mb-2 text-sm font-medium">{group.title}</h3>
            <dl className="flex flex-col gap-2">
              {group.keys.map(({ keys, what }) => (
                <div key={what} className="flex items-baseline justify-between gap-4">
                  <dt className="text-ink-soft">{what}</dt>
                  <dd className="flex gap-1">
                    {keys.map((key) => (
                      <Kbd key={key}>{key}</Kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        ))}
      </div>
    </Section>
  );
}
