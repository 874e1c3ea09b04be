//! Who may do what: the one place that decides it.

use crate::ids::{ChannelId, GuildId, Place, RoleId, UserId};

/// Who speaks and where, as Discord said with the interaction at hand. Never remembered: roles
/// change.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The person.
    pub user: UserId,
    /// The person's roles at this moment; empty in a direct message.
    pub roles: Vec<RoleId>,
    /// The server, unless it is a direct message.
    pub guild: Option<GuildId>,
    /// Where it was said.
    pub channel: ChannelId,
    /// The channel that a thread belongs to.
    pub parent: Option<ChannelId>,
}

/// What someone may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Authority {
    /// Searches, creates and decides.
    Admin,
    /// Searches and asks.
    Requester,
}

/// Whoever acts in the interaction at hand, where, and with which authority. Only a [`Policy`] makes
/// one: who has it needn't ask again.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    user: UserId,
    place: Place,
    authority: Authority,
}

impl Member {
    /// The person.
    pub fn user(self) -> UserId {
        self.user
    }

    /// Where they act.
    pub fn place(self) -> Place {
        self.place
    }

    /// What they may do there.
    pub fn authority(self) -> Authority {
        self.authority
    }
}

/// Why someone may not do something here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Denied {
    /// It was said in a direct message: there are no roles there.
    DirectMessage,
    /// The bot doesn't serve this server.
    OtherGuild,
    /// The bot doesn't serve this channel, but these.
    OtherChannel(Vec<ChannelId>),
    /// The person has none of the roles that may search and ask.
    NotRequester(Vec<RoleId>),
    /// Only an admin may: someone with one of these roles.
    NotAdmin(Vec<RoleId>),
}

/// Who is admitted, from the configuration.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// The servers that are served.
    pub guilds: Vec<GuildId>,
    /// The channels that are served; all of them if empty. Threads belong to their channel.
    pub channels: Vec<ChannelId>,
    /// Roles whose members are admins.
    pub admin_roles: Vec<RoleId>,
    /// People who are admins whatever their roles.
    pub admin_users: Vec<UserId>,
    /// Roles whose members may search and ask; everyone if empty.
    pub requester_roles: Vec<RoleId>,
}

impl Policy {
    /// Admits `actor` to commands, and says with which authority.
    ///
    /// # Errors
    ///
    /// Says why, if they may do nothing.
    pub fn admit(&self, actor: &Actor) -> Result<Member, Denied> {
        let (guild, served) = (actor.guild, |channel| self.channels.contains(&channel));
        if guild.is_some_and(|guild| self.guilds.contains(&guild))
            && !self.channels.is_empty()
            && !served(actor.channel)
            && !actor.parent.is_some_and(served)
        {
            return Err(Denied::OtherChannel(self.channels.clone()));
        }
        self.admit_anywhere(actor)
    }

    /// Admits `actor` to a request's message. Where commands may be used doesn't matter: the bot itself
    /// chose where the message is.
    ///
    /// # Errors
    ///
    /// Says why, if they may do nothing.
    pub fn admit_anywhere(&self, actor: &Actor) -> Result<Member, Denied> {
        let guild = actor.guild.ok_or(Denied::DirectMessage)?;
        if !self.guilds.contains(&guild) {
            return Err(Denied::OtherGuild);
        }
        let has_one_of = |roles: &[RoleId]| roles.iter().any(|role| actor.roles.contains(role));
        let authority = if self.admin_users.contains(&actor.user) || has_one_of(&self.admin_roles) {
            Authority::Admin
        } else if self.requester_roles.is_empty() || has_one_of(&self.requester_roles) {
            Authority::Requester
        } else {
            return Err(Denied::NotRequester(self.requester_roles.clone()));
        };
        let place = Place { guild, channel: actor.channel };
        Ok(Member { user: actor.user, place, authority })
    }

    /// That a member is an admin.
    ///
    /// # Errors
    ///
    /// Says who is, if they aren't.
    pub fn require_admin(&self, member: Member) -> Result<(), Denied> {
        match member.authority {
            Authority::Admin => Ok(()),
            Authority::Requester => Err(Denied::NotAdmin(self.admin_roles.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        Policy {
            guilds: vec![GuildId(1)],
            channels: vec![ChannelId(10)],
            admin_roles: vec![RoleId(100)],
            admin_users: vec![UserId(7)],
            requester_roles: vec![RoleId(200)],
        }
    }

    fn actor(roles: &[u64]) -> Actor {
        Actor {
            user: UserId(5),
            roles: roles.iter().copied().map(RoleId).collect(),
            guild: Some(GuildId(1)),
            channel: ChannelId(10),
            parent: None,
        }
    }

    fn decided(policy: &Policy, actor: &Actor) -> Result<Authority, Denied> {
        policy.admit(actor).map(Member::authority)
    }

    #[test]
    fn roles_and_named_users_make_admins() {
        assert_eq!(decided(&policy(), &actor(&[3, 100])), Ok(Authority::Admin));
        let named = Actor { user: UserId(7), ..actor(&[]) };
        assert_eq!(decided(&policy(), &named), Ok(Authority::Admin));
    }

    #[test]
    fn without_a_requester_role_only_an_open_policy_admits() {
        assert_eq!(decided(&policy(), &actor(&[200])), Ok(Authority::Requester));
        assert_eq!(decided(&policy(), &actor(&[3])), Err(Denied::NotRequester(vec![RoleId(200)])));
        let open = Policy { requester_roles: vec![], ..policy() };
        assert_eq!(decided(&open, &actor(&[])), Ok(Authority::Requester));
    }

    #[test]
    fn an_admin_elsewhere_is_nobody() {
        let dm = Actor { guild: None, ..actor(&[100]) };
        assert_eq!(decided(&policy(), &dm), Err(Denied::DirectMessage));
        let elsewhere = Actor { guild: Some(GuildId(2)), ..actor(&[100]) };
        assert_eq!(decided(&policy(), &elsewhere), Err(Denied::OtherGuild));
        let other = Actor { channel: ChannelId(11), ..actor(&[100]) };
        assert_eq!(decided(&policy(), &other), Err(Denied::OtherChannel(vec![ChannelId(10)])));
    }

    #[test]
    fn a_thread_belongs_to_its_channel() {
        let thread = Actor { channel: ChannelId(11), parent: Some(ChannelId(10)), ..actor(&[100]) };
        assert_eq!(decided(&policy(), &thread), Ok(Authority::Admin));
    }
}
