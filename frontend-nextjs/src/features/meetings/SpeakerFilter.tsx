"use client";
/** Whoever spoke: somebody of the voice bank, or a name that was only written. */
import { Check } from "lucide-react";
import { useTranslations } from "next-intl";
import { useEffect, useState } from "react";
import { Button } from "@/components/ui/Button";
import { TextField } from "@/components/ui/Field";
import { usePeople, usePerson } from "@/lib/api/people";
import { cx } from "@/lib/cx";
import { FilterButton } from "./FilterButton";
import { toggled, type View } from "./view";

const SHOWN = 8;
const PAUSE_MS = 200;

interface Props {
  person: string[];
  speaker: string;
  onChange: (change: Partial<View>) => void;
}

export function SpeakerFilter({ person, speaker, onChange }: Props) {
  return person[0] ? <Known id={person[0]} person={person} speaker={speaker} onChange={onChange} /> : <Filter person={person} speaker={speaker} onChange={onChange} />;
}

function Known({ id, ...props }: Props & { id: string }) {
  const person = usePerson(id);
  return <Filter {...props} name={person.data?.name ?? "…"} />;
}

function Filter({ person, speaker, onChange, name }: Props & { name?: string }) {
  const t = useTranslations("meetings");
  const more = person.length > 1 ? ` +${person.length - 1}` : "";
  const chosen = [name && name + more, speaker && t("filter.named", { words: speaker })].filter(Boolean).join(", ");
  return (
    <FilterButton name={t("filter.speaker")} chosen={chosen} className="w-72">
      {(close) => <People person={person} speaker={speaker} onChange={onChange} onClose={close} />}
    </FilterButton>
  );
}

function People({ person, speaker, onChange, onClose }: Props & { onClose: () => void }) {
  const t = useTranslations("meetings");
  const [words, setWords] = useState(speaker);
  const [asked, setAsked] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setAsked(words.trim()), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [words]);
  const people = usePeople(asked);
  const found = people.data?.pages.flatMap((page) => page.items).slice(0, SHOWN) ?? [];
  const takeWords = () => {
    onChange({ speaker: words.trim() });
    onClose();
  };
  return (
    <form
      className="flex flex-col gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        takeWords();
      }}
    >
      <TextField label={t("filter.speakerName")} value={words} autoComplete="off" onChange={(event) => setWords(event.target.value)} />
      <ul className="flex flex-col">
        {found.map(({ id, name }) => {
          const isChosen = person.includes(id);
          return (
            <li key={id}>
              <button
                type="button"
                aria-pressed={isChosen}
                onClick={() => onChange({ person: toggled(person, id) })}
                className={cx("flex min-h-9 w-full items-center gap-2 rounded-md px-2 text-left text-sm hover:bg-sunken", isChosen && "font-medium text-accent")}
              >
                <Check aria-hidden className={cx("size-4 shrink-0", !isChosen && "opacity-0")} />
                {name}
              </button>
            </li>
          );
        })}
      </ul>
      {words.trim() && words.trim() !== speaker && (
        <Button type="submit" size="sm">
          {t("filter.anyNamed", { words: words.trim() })}
        </Button>
      )}
      {(person.length > 0 || speaker) && (
        <Button
          size="sm"
          kind="quiet"
          onClick={() => {
            onChange({ person: [], speaker: "" });
            onClose();
          }}
        >
          {t("filter.anybody")}
        </Button>
      )}
    </form>
  );
}
