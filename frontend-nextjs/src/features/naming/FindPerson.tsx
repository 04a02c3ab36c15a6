"use client";
/** One field for a name: people of the bank whose name fits, the name for this meeting only, or somebody new. */
import { CornerDownLeft, UserPlus, UserRound } from "lucide-react";
import { useTranslations } from "next-intl";
import { useDeferredValue, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import { TextField } from "@/components/ui/Field";
import { usePeople } from "@/lib/api/people";
import type { Decision, Speaker } from "@/lib/api/speakers";
import { cx } from "@/lib/cx";

const MOST = 5;

interface Props {
  speaker: Speaker;
  isBusy: boolean;
  onDecide: (decision: Decision) => void;
  onNew: (name: string) => void;
}

export function FindPerson({ speaker, isBusy, onDecide, onNew }: Props) {
  const t = useTranslations("naming");
  const free = speaker.person ? "" : (speaker.name ?? "");
  const [text, setText] = useState(free);
  const name = text.trim();
  const query = useDeferredValue(name === free ? "" : name);
  const people = usePeople(query, query !== "");
  const found = query ? (people.data?.pages[0]?.items ?? []).slice(0, MOST) : [];
  const box = useRef<HTMLDivElement>(null);
  const exact = found.find((one) => one.name.toLocaleLowerCase() === name.toLocaleLowerCase());
  const isNew = name !== "" && name !== free;

  const walk = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const stops = [...(box.current?.querySelectorAll<HTMLElement>("input, button") ?? [])];
    const here = stops.indexOf(document.activeElement as HTMLElement);
    if (step === 0 || here < 0) return;
    event.preventDefault();
    stops[here + step]?.focus();
  };
  return (
    <div ref={box} onKeyDown={walk}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isNew && !isBusy) onDecide(exact ? { person_id: exact.id } : { name });
        }}
      >
        <TextField
          label={free ? t("rename") : t("someoneElse")}
          placeholder={t("namePlaceholder")}
          value={text}
          maxLength={200}
          autoComplete="off"
          enterKeyHint="done"
          onChange={(event) => setText(event.target.value)}
        />
      </form>
      {isNew && (
        <ul className="mt-1.5 flex flex-col">
          {found.map((person) => (
            <Choice key={person.id} icon={<UserRound aria-hidden />} isDisabled={isBusy} isFirst={person === exact} onClick={() => onDecide({ person_id: person.id })}>
              {person.name}
              <small className="block text-xs text-ink-faint">{person.num_voiceprints > 0 ? t("inBank") : t("inBankNoVoice")}</small>
            </Choice>
          ))}
          <Choice icon={<CornerDownLeft aria-hidden />} isDisabled={isBusy} isFirst={!exact} onClick={() => onDecide({ name })}>
            {t.rich("nameHere", { name, b: (parts) => <strong className="font-medium">{parts}</strong> })}
            <small className="block text-xs text-ink-faint">{t("nameHereHint")}</small>
          </Choice>
          {!exact && (
            <Choice icon={<UserPlus aria-hidden />} isDisabled={isBusy} onClick={() => onNew(name)}>
              {t.rich("newPerson", { name, b: (parts) => <strong className="font-medium">{parts}</strong> })}
              <small className="block text-xs text-ink-faint">{t("newPersonHint")}</small>
            </Choice>
          )}
        </ul>
      )}
      <p role="status" className="sr-only">
        {isNew && people.isSuccess ? t("numFound", { count: found.length }) : ""}
      </p>
    </div>
  );
}

/** `isFirst`: what Enter takes. */
function Choice({ icon, isFirst = false, isDisabled, onClick, children }: { icon: ReactNode; isFirst?: boolean; isDisabled: boolean; onClick: () => void; children: ReactNode }) {
  return (
    <li className={cx(isFirst && "order-first")}>
      <button
        type="button"
        disabled={isDisabled}
        onClick={onClick}
        className={cx("flex min-h-10 w-full items-center gap-3 rounded-md px-2.5 py-1.5 text-left text-sm hover:bg-sunken [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-ink-faint", isFirst && "bg-sunken")}
      >
        {icon}
        <span className="min-w-0 flex-1 break-words">{children}</span>
      </button>
    </li>
  );
}
