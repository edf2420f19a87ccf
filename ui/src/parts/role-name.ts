import { useTranslation } from "react-i18next";

/** What a role is called: of one's own, or at an account. One that only a pack knows is called as it is written there. */
export function useRoleName(): (role: string) => string {
  const { t } = useTranslation();
  return (role) => t(`role.${role}` as "role.agent", { defaultValue: capital(role.replaceAll("_", " ")) });
}

const capital = (words: string) => words.charAt(0).toUpperCase() + words.slice(1);
