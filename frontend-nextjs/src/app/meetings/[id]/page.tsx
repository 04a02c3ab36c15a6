import { MeetingPage } from "@/features/meeting/MeetingPage";

/** One file for all meetings: the page reads the id from its address. */
export function generateStaticParams() {
  return [{ id: "_" }];
}

export default function Page() {
  return <MeetingPage />;
}
