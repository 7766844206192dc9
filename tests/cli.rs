//! The program from outside: answers, exit statuses, and what a bad input gets.
