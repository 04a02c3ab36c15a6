"use client";
/** What the meeting page shows instead of a transcript, or above it: waiting, running, failed, cancelled; and its menu. */
export { MeetingMenu } from "./MeetingMenu";
export { RunningMeeting } from "./RunningMeeting";
