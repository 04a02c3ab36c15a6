"use client";
import { useTranslations } from "next-intl";
import { Kbd } from "@/components/ui/Kbd";
import { Section } from "@/components/ui/Section";

/** A name of one letter or sign is shown as it is; the others are translated. */
const NAMED = ["space", "enter", "back", "tab"] as const;
const GROUPS = [
  {
    title: "list",
    keys: [
      { keys: ["j", "k"], what: "lines" },
      { keys: ["enter"], what: "open" },
      { keys: ["/"], what: "search" },
      { keys: ["n"], what: "new" },
    ],
  },
  {
    title: "meeting",
    keys: [
      { keys: ["space"], what: "play" },
      { keys: ["←", "→"], what: "five" },
      { keys: ["j", "k"], what: "passages" },
      { keys: ["e"], what: "edit" },
      { keys: ["Ctrl F"], what: "find" },
    ],
  },
  {
    title: "correcting",
    keys: [
      { keys: ["enter"], what: "split" },
      { keys: ["back"], what: "join" },
      { keys: ["tab"], what: "hear" },
      { keys: ["Ctrl Z", "Ctrl Y"], what: "undo" },
    ],
  },
] as const;

export function ShortcutsSection() {
  const t = useTranslations("account.keys");
  return (
    <Section title={t("title")} about={t("about")}>
      <div className="grid gap-x-10 gap-y-8 sm:grid-cols-2">
        {GROUPS.map((group) => (
          <div key={group.title}>
            <h3 className="mb-2 text-sm font-medium">{group.title === "list" ? t("list") : group.title === "meeting" ? t("meeting") : t("correcting")}</h3>
            <dl className="flex flex-col gap-2">
              {group.keys.map(({ keys, what }) => (
                <div key={what} className="flex items-baseline justify-between gap-4">
                  <dt className="text-ink-soft">{t(`what.${what}`)}</dt>
                  <dd className="flex shrink-0 gap-1">
                    {keys.map((key) => (
                      <Key key={key} name={key} />
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

function Key({ name }: { name: string }) {
  const t = useTranslations("account.keys");
  const named = NAMED.find((one) => one === name);
  return <Kbd>{named ? t(`name.${named}`) : name}</Kbd>;
}
