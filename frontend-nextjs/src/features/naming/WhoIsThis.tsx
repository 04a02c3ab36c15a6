"use client";
/** Who is this? Hear the voice, take whom the bank offers, look for somebody, write a name, or say that nobody knows. */
import { useTranslations } from "next-intl";
import { useState } from "react";
import { Button } from "@/components/ui/Button";
import { Notice } from "@/components/ui/Notice";
import { Skeleton } from "@/components/ui/Skeleton";
import { useErrorText } from "@/features/shell/useErrorText";
import { useSpeakers } from "@/lib/api/speakers";
import { Candidates } from "./Candidates";
import { FindPerson } from "./FindPerson";
import { MergeWith } from "./MergeWith";
import { NewPerson } from "./NewPerson";
import { OtherAnswers } from "./OtherAnswers";
import { Samples } from "./Samples";
import { useDecide } from "./useDecide";
import { Remembered, WhoItIs } from "./WhoItIs";

type Step = { is: "choose" } | { is: "new"; name: string } | { is: "merge" };

export function WhoIsThis({ meetingId, label, onDone }: { meetingId: string; label: string; onDone: () => void }) {
  const t = useTranslations();
  const errorText = useErrorText();
  const speakers = useSpeakers(meetingId);
  const [step, setStep] = useState<Step>({ is: "choose" });
  const { decide, merge, isBusy } = useDecide(meetingId);
  const speaker = speakers.data?.find((one) => one.label === label);
  if (speakers.isError && !speaker) {
    return (
      <Notice tone="danger" actions={<Button size="sm" onClick={() => void speakers.refetch()}>{t("common.retry")}</Button>}>
        {errorText(speakers.error)}
      </Notice>
    );
  }
  if (!speaker) return <Skeleton className="h-48" />;
  const back = () => setStep({ is: "choose" });
  const say = async (decision: Parameters<typeof decide>[1]) => (await decide(speaker, decision)) && onDone();
  if (step.is === "new") return <NewPerson speaker={speaker} name={step.name} onBack={back} onChosen={say} />;
  if (step.is === "merge") {
    const others = (speakers.data ?? []).filter((one) => one.label !== label);
    return <MergeWith meetingId={meetingId} speaker={speaker} others={others} isBusy={isBusy} onBack={back} onMerge={async (into) => (await merge(speaker, into)) && onDone()} />;
  }
  return (
    <div className="flex flex-col gap-4">
      <WhoItIs speaker={speaker} />
      <Samples speaker={speaker} />
      <Remembered speaker={speaker} isBusy={isBusy} onDecide={say} />
      <Candidates speaker={speaker} isBusy={isBusy} onDecide={say} />
      <FindPerson speaker={speaker} isBusy={isBusy} onDecide={say} onNew={(name) => setStep({ is: "new", name })} />
      <OtherAnswers speaker={speaker} isBusy={isBusy} hasOthers={(speakers.data?.length ?? 0) > 1} onDecide={say} onMerge={() => setStep({ is: "merge" })} />
    </div>
  );
}
