"use client";
/** What the rest of the interface needs of uploads. */
import dynamic from "next/dynamic";
import { createContext, useCallback, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from "react";
import type { Wishes } from "./model";
import type { RecordingRecord } from "./shelf";

const Desk = dynamic(() => import("./Desk").then((module) => module.Desk), { ssr: false });

/** The page comes first. */
const AFTER_MS = 2000;

export interface UploadsContext {
  /** The dialog of a new meeting, with these files or to choose some. */
  openNew: (files?: File[]) => void;
  /** The recorder. */
  record: () => void;
  /** Drop and go. */
  add: (files: File[], wishes?: Wishes) => Promise<void>;
  addRecording: (file: File, wishes: Wishes, record: RecordingRecord) => void;
}

const Context = createContext<UploadsContext>({ openNew: () => undefined, record: () => undefined, add: () => Promise.resolve(), addRecording: () => undefined });

export function useUploads(): UploadsContext {
  return useContext(Context);
}

/** Whoever looks after uploads follows the page, or comes when somebody asks. */
export function UploadsProvider({ children }: { children: ReactNode }) {
  const [isWanted, setWanted] = useState(false);
  const desk = useRef<UploadsContext | null>(null);
  const waiting = useRef<((uploads: UploadsContext) => void)[]>([]);

  useEffect(() => {
    const timer = setTimeout(() => setWanted(true), AFTER_MS);
    return () => clearTimeout(timer);
  }, []);

  const ready = useCallback((uploads: UploadsContext) => {
    desk.current = uploads;
    for (const ask of waiting.current.splice(0)) ask(uploads);
  }, []);
  const value = useMemo<UploadsContext>(() => {
    const ask = (what: (uploads: UploadsContext) => void) => {
      if (desk.current) return what(desk.current);
      waiting.current.push(what);
      setWanted(true);
    };
    return {
      openNew: (files) => ask((uploads) => uploads.openNew(files)),
      record: () => ask((uploads) => uploads.record()),
      add: (files, wishes) => new Promise((done) => ask((uploads) => done(uploads.add(files, wishes)))),
      addRecording: (file, wishes, record) => ask((uploads) => uploads.addRecording(file, wishes, record)),
    };
  }, []);
  return (
    <Context.Provider value={value}>
      {children}
      {isWanted && <Desk onReady={ready} />}
    </Context.Provider>
  );
}
