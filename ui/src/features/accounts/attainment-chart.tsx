// The share of promises kept, month by month. Loaded when it is drawn, for charts are wide.
import "@mantine/charts/styles.css";
import { BarChart } from "@mantine/charts";
import { useFormats } from "@/app/format";
import classes from "./accounts.module.css";

interface Bar {
  month: string;
  /** In percent; nothing where nothing was decided. */
  share: number | null;
}

export default function AttainmentChart({ bars, label }: { bars: Bar[]; label: string }) {
  const format = useFormats();
  const percent = (value: number) => format.percent(value / 100, 1);
  return (
    <>
      <div aria-hidden>
        <BarChart
          className={classes.chart ?? ""}
          data={bars}
          dataKey="month"
          series={[{ name: "share", label, color: "harbor.7" }]}
          yAxisProps={{ domain: [0, 100], width: 48 }}
          valueFormatter={percent}
          maxBarWidth={36}
          barProps={{ isAnimationActive: false, radius: [3, 3, 0, 0] }}
          barChartProps={{ accessibilityLayer: false }}
          tickLine="none"
        />
      </div>
      <ul className="unseen" aria-label={label}>
        {bars.map(({ month, share }) => (
          <li key={month}>
            {month}: {share === null ? "–" : percent(share)}
          </li>
        ))}
      </ul>
    </>
  );
}
