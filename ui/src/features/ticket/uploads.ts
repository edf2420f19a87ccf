// Files that are to go with a message: sent to the service as soon as they are chosen, with how far each is.
import { useCallback, useRef, useState } from "react";
import { api, type Schemas } from "@/api/client";

export interface Upload {
  key: string;
  name: string;
  size: number;
  /** How much has been sent, from 0 to 1. */
  sent: number;
  /** Its identifier, once the service has it. */
  id?: string;
  /** Why it could not be taken. */
  failure?: string;
}

/** Sends a file and tells how far it is: `fetch` does not. */
function send(file: File, onSent: (share: number) => void): { done: Promise<Schemas["Upload"]>; abort: () => void } {
  const request = new XMLHttpRequest();
  const done = new Promise<Schemas["Upload"]>((resolve, reject) => {
    request.open("POST", `/api/v1/attachments?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("x-requested-with", "mainstay");
    request.setRequestHeader("content-type", file.type || "application/octet-stream");
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => onSent(total > 0 ? loaded / total : 1);
    request.onerror = () => reject(new Error(""));
    request.onload = () =>
      request.status === 201
        ? resolve(request.response)
        : reject(new Error(request.response?.detail ?? request.response?.title ?? request.statusText));
    request.send(file);
  });
  return { done, abort: () => request.abort() };
}

/** The files of a message that is being written. */
export function useUploads() {
  const [uploads, setUploads] = useState<Upload[]>([]);
  const aborts = useRef(new Map<string, () => void>());
  const change = useCallback(
    (key: string, to: Partial<Upload>) =>
      setUploads((all) => all.map((each) => (each.key === key ? { ...each, ...to } : each))),
    [],
  );
  const add = useCallback(
    (files: Iterable<File>) => {
      for (const file of files) {
        const key = crypto.randomUUID();
        setUploads((all) => [...all, { key, name: file.name, size: file.size, sent: 0 }]);
        const { done, abort } = send(file, (sent) => change(key, { sent }));
        aborts.current.set(key, abort);
        done.then(
          ({ id, file_name }) => change(key, { id, name: file_name, sent: 1 }),
          (error: Error) => change(key, { failure: error.message }),
        );
      }
    },
    [change],
  );
  const remove = useCallback((upload: Upload) => {
    aborts.current.get(upload.key)?.();
    if (upload.id) void api.DELETE("/api/v1/attachments/{id}", { params: { path: { id: upload.id } } });
    setUploads((all) => all.filter(({ key }) => key !== upload.key));
  }, []);
  /** Lets go of those that went with a message. */
  const letGo = useCallback(
    (ids: string[]) => setUploads((all) => all.filter(({ id }) => id === undefined || !ids.includes(id))),
    [],
  );
  return { uploads, add, remove, letGo };
}
