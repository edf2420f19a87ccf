// The name of a saved view, and whether it is everybody's.
import { Button, Checkbox, Group, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { faultsByField } from "@/api/faults";
import { useMay } from "@/app/session";
import { Dialog } from "@/parts/dialog";
import { Refusal } from "@/parts/refusal";

export interface Named {
  name: string;
  shared: boolean;
}

interface ViewFormProps {
  title: string;
  hint?: string | undefined;
  initial: Named;
  isPending: boolean;
  error: Error | null;
  onSave: (named: Named) => void;
  onClose: () => void;
}

export default function ViewForm({ title, hint, initial, isPending, error, onSave, onClose }: ViewFormProps) {
  const { t } = useTranslation("inbox");
  const { t: common } = useTranslation();
  const mayShare = useMay("view.share");
  const [named, setNamed] = useState(initial);
  const faults = faultsByField(error);
  return (
    <Dialog opened onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onSave(named);
        }}
      >
        <Stack>
          <TextInput
            data-autofocus
            required
            label={t("save.name")}
            value={named.name}
            error={faults.name}
            onChange={({ currentTarget: { value: name } }) => setNamed((before) => ({ ...before, name }))}
          />
          {mayShare && (
            <Checkbox
              label={t("save.shared")}
              checked={named.shared}
              onChange={({ currentTarget: { checked: shared } }) => setNamed((before) => ({ ...before, shared }))}
            />
          )}
          {hint && (
            <Text size="sm" c="dimmed">
              {hint}
            </Text>
          )}
          <Refusal error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common("action.cancel")}
            </Button>
            <Button type="submit" loading={isPending}>
              {common("action.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
