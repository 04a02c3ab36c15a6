import { MeetingsPage } from "@/features/meetings/MeetingsPage";

export default function Page() {
  return <MeetingsPage />;
}
