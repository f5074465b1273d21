import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** How a connection fares: as it should; refused; without an answer; cut off when the answer comes. */
export type Weather = "clear" | "down" | "silent" | "answer lost";

export interface Unsteady {
  readonly url: string;
  /** For connections and requests from now on. */
  become(weather: Weather): void;
  close(): Promise<void>;
}

/** A way to a server on loopback that can be taken away in the middle of a request. */
export async function startUnsteadyWay(target: number): Promise<Unsteady> {
  let weather: Weather = "clear";
  const open = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, "127.0.0.1");
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on("data", (bytes) => {
      if (weather === "down") near.destroy();
      else if (weather !== "silent") far.write(bytes);
    });
    far.on("data", (bytes) => {
      if (weather === "answer lost") near.destroy();
      else near.write(bytes);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    become(next) {
      weather = next;
      // What was left without an answer does not get one later.
      for (const socket of open) socket.destroy();
    },
    async close() {
      server.close();
      for (const socket of open) socket.destroy();
      await once(server, "close");
    },
  };
}
