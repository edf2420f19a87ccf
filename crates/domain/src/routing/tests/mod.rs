mod assigning;
mod ruling;
