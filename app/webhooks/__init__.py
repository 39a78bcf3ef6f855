"""What arrived: bytes → Event. No IO, standard library only; nothing here decides anything."""
