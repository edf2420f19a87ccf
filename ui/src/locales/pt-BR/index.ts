import accounts from "./accounts.json";
import admin from "./admin.json";
import board from "./board.json";
import common from "./common.json";
import escalations from "./escalations.json";
import inbox from "./inbox.json";
import keys from "./keys.json";
import me from "./me.json";
import my_day from "./my_day.json";
import new_ticket from "./new_ticket.json";
import portal from "./portal.json";
import search from "./search.json";
import set_up from "./set_up.json";
import shell from "./shell.json";
import teams from "./teams.json";
import ticket from "./ticket.json";

export default {
  accounts,
  admin,
  board,
  common,
  escalations,
  inbox,
  keys,
  me,
  my_day,
  new_ticket,
  portal,
  search,
  set_up,
  shell,
  teams,
  ticket,
};
