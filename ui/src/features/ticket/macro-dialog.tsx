// What a macro would do, shown before it does it.
import { Button, Group, List, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { Dialog } from "@/parts/dialog";
import { Failure, LoadingRows } from "@/parts/states";
import classes from "./composer.module.css";
import { FactWords } from "./fact-words";
import { type Macro, previewMacro } from "./macros";
import { Rich } from "./rich";

interface MacroDialogProps {
  ticket: string;
  macro: Macro;
  onClose: () => void;
}

export function MacroDialog({ ticket, macro, onClose }: MacroDialogProps) {
  const { t } = useTranslation("ticket");
  const { t: common } = useTranslation();
  const queries = useQueryClient();
  const preview = useQuery({
    queryKey: ["tickets", "macro", ticket, macro.id],
    queryFn: () => previewMacro(ticket, macro.id),
    staleTime: 0,
  });
  const apply = useMutation({
    mutationFn: () =>
      data(
        api.POST("/api/v1/tickets/{id}/macros/{macro}", {
          params: { path: { id: ticket, macro: macro.id } },
          headers: onceKey(),
        }),
      ),
    onSuccess: () => {
      onClose();
      return queries.invalidateQueries({ queryKey: ["tickets"] });
    },
  });
  return (
    <Dialog opened onClose={onClose} title={macro.name} size="lg">
      {preview.isPending ? (
        <LoadingRows rows={3} />
      ) : preview.isError ? (
        <Failure error={preview.error} />
      ) : (
        <Stack>
          {macro.description && <Text c="dimmed">{macro.description}</Text>}
          {preview.data.messages.map((said) => (
            <div key={said.text} className={classes.preview} data-visibility={said.visibility}>
              <Rich text={said.text} />
            </div>
          ))}
          <List size="sm">
            {preview.data.facts.map((fact) => (
              <List.Item key={fact.id}>
                <FactWords fact={fact} />
              </List.Item>
            ))}
          </List>
          {preview.data.facts.length === 0 && <Text size="sm">{t("macro.nothing")}</Text>}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common("action.cancel")}
            </Button>
            <Button data-autofocus loading={apply.isPending} onClick={() => apply.mutate()}>
              {t("macro.apply")}
            </Button>
          </Group>
        </Stack>
      )}
    </Dialog>
  );
}
