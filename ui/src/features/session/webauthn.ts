// The one way to the browser's passkeys (WebAuthn). What is asked and answered goes as the service and the browser write it.
import { api, data, type Schemas } from "@/api/client";

/** What a passkey answered, as the service reads it. */
export type Answer = Schemas["SignInByPasskeyInput"]["credential"];

/** This device has a passkey of the same person already. */
export class RegisteredAlready extends Error {}

/** Whether this browser makes passkeys and uses them. */
export function knowsPasskeys(): boolean {
  return (
    typeof PublicKeyCredential === "function" && typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function"
  );
}

/** Whether this browser offers passkeys among what it fills in. */
export async function fillsInPasskeys(): Promise<boolean> {
  return knowsPasskeys() && ((await PublicKeyCredential.isConditionalMediationAvailable?.()) ?? false);
}

/** Asks for a passkey to sign in with; `null` when the person thought better of it, or has none. */
export async function askForPasskey(how: Omit<CredentialRequestOptions, "publicKey"> = {}): Promise<Answer | null> {
  const { options } = await data(api.POST("/api/v1/passkeys/challenges"));
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as unknown as PublicKeyCredentialRequestOptionsJSON,
  );
  return answered(() => navigator.credentials.get({ ...how, publicKey }));
}

/** Makes a passkey as the service asked for it; `null` when the person thought better of it. */
export function makePasskey(options: Schemas["PasskeyChallenge"]["options"]): Promise<Answer | null> {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options as unknown as PublicKeyCredentialCreationOptionsJSON,
  );
  return answered(() => navigator.credentials.create({ publicKey }));
}

async function answered(ask: () => Promise<Credential | null>): Promise<Answer | null> {
  try {
    const credential = await ask();
    return credential ? ((credential as PublicKeyCredential).toJSON() as unknown as Answer) : null;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    if (error.name === "InvalidStateError") throw new RegisteredAlready();
    // Dismissed, taken too long, taken back by us, or asked at another address than the service's own.
    return null;
  }
}
