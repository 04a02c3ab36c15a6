"use client";
/** A minute of the microphone at most, in memory. Never for meetings: those are kept while they are recorded. */
import { useCallback, useEffect, useRef, useState } from "react";
import { meterLevel, recordingFormat } from "./mime";

export const LONGEST_S = 60;

export interface Recorded {
  blob: Blob;
  name: string;
}

type State = "idle" | "asking" | "recording" | "denied" | "insecure";

export function useClipRecorder(onDone: (recorded: Recorded) => void) {
  const [state, setState] = useState<State>("idle");
  const [seconds, setSeconds] = useState(0);
  const [level, setLevel] = useState(0);
  const end = useRef<() => void>(() => undefined);
  const drop = useRef<() => void>(() => undefined);

  useEffect(() => () => drop.current(), []);

  const start = useCallback(async () => {
    if (!navigator.mediaDevices?.getUserMedia || typeof MediaRecorder === "undefined") {
      setState(window.isSecureContext ? "denied" : "insecure");
      return;
    }
    setState("asking");
    let isWanted = true;
    drop.current = () => {
      isWanted = false;
    };
    let stream: MediaStream;
    try {
      // The voice as it is: what browsers do to it for calls takes away what tells people apart.
      stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false, channelCount: 1 } });
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      setState("denied");
      return;
    }
    const release = () => stream.getTracks().forEach((track) => track.stop());
    if (!isWanted) {
      release();
      return;
    }

    const format = recordingFormat((type) => MediaRecorder.isTypeSupported(type));
    const recorder = new MediaRecorder(stream, format ? { mimeType: format.type, audioBitsPerSecond: 96_000 } : undefined);
    const chunks: Blob[] = [];
    recorder.ondataavailable = ({ data }) => chunks.push(data);

    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 1024;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const began = performance.now();
    const timer = setInterval(() => {
      const passed = (performance.now() - began) / 1000;
      analyser.getFloatTimeDomainData(samples);
      setLevel(meterLevel(samples));
      setSeconds(Math.floor(passed));
      if (passed >= LONGEST_S) end.current();
    }, 100);

    const close = () => {
      clearInterval(timer);
      release();
      void context.close();
      setLevel(0);
    };
    recorder.onstop = () => {
      close();
      setState("idle");
      if (isWanted) onDone({ blob: new Blob(chunks, { type: recorder.mimeType }), name: `microphone.${format?.extension ?? "webm"}` });
    };
    end.current = () => recorder.state !== "inactive" && recorder.stop();
    drop.current = () => {
      isWanted = false;
      end.current();
    };
    recorder.start(1000);
    setSeconds(0);
    setState("recording");
  }, [onDone]);

  const stop = useCallback(() => end.current(), []);
  return { state, seconds, level, start, stop };
}
