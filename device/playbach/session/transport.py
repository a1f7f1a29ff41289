"""What each command does: to whether there is to be music, and to the player."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from playbach.player.player import Player
from playbach.session.status import Command, Transport

TRANSPORT: Mapping[Command, Transport] = {
    Command.PLAY: Transport.PLAYING,
    Command.PAUSE: Transport.PAUSED,
    Command.STOP: Transport.STOPPED,
    Command.PANIC: Transport.PAUSED,
}
"""What holds after a command; another command changes nothing of it."""
ORDERS: Mapping[Command, tuple[Callable[[Player], None], ...]] = {
    Command.PLAY: (Player.resume,),
    Command.PAUSE: (Player.pause,),
    Command.STOP: (Player.pause, Player.next_movement),
    Command.NEXT_MOVEMENT: (Player.next_movement,),
    Command.PANIC: (Player.panic,),
}
"""What the player is told, in order."""
