//! Words of classic Outlook's set-up: what is done, and what its windows and fields are called in either language.

use super::dashboard::Words;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident: $fr:literal, $en:literal;)*) => {
        $($(#[$doc])* pub const $name: Words = Words::new($fr, $en);)*
    };
}

words! {
    /// A heading.
    OUTLOOK: "Outlook classique", "Classic Outlook";
    /// Above its steps.
    INTRO: "Le nouvel Outlook lit votre boîte depuis les serveurs de Microsoft, où Souspli n’est pas : il faut Outlook classique.",
        "The new Outlook reads your mailbox from Microsoft's servers, where Souspli is not: classic Outlook is needed.";
    /// The short way, which asks for no user name.
    SHORT: "Le plus court : Fichier, Ajouter un compte ; écrivez votre adresse, cochez « Me laisser configurer mon compte manuellement », choisissez IMAP, puis donnez les réglages ci-dessous.",
        "The short way: File, Add Account; type your address, tick “Let me set up my account manually”, choose IMAP, then give the settings below.";
    /// How TLS is spoken follows.
    SECURITY: "Méthode de chiffrement, pour la réception et pour l’envoi (jamais « Aucune »)",
        "Encryption method, for incoming and for outgoing mail (never “None”)";
    /// What is typed.
    PASSWORD: "Mot de passe : celui de votre messagerie, comme avant.", "Password: that of your mailbox, as before.";
    /// What stays to be done.
    OLD_ACCOUNT: "Si Outlook avait déjà ce compte, retirez l’ancien ou n’envoyez plus par lui : il va directement chez votre fournisseur, et rien n’y est scellé.",
        "If Outlook had this account already, remove the old one or no longer send by it: it goes to your provider directly, and nothing is sealed there.";
    /// A link.
    PROFILE: "Profil pour Outlook (.prf)", "Profile for Outlook (.prf)";
    /// Its POP3 knows TLS from the first octet, or none at all.
    NO_POP3: "Outlook ne lit en POP3 que par SSL/TLS dès le début : écrivez tls = \"implicit\" sous [listen] dans le fichier de configuration, redémarrez Souspli, puis revenez ici.",
        "Outlook reads POP3 by SSL/TLS from the beginning only: write tls = \"implicit\" under [listen] in the configuration file, start Souspli again, then come back here.";
    /// What opens the drawings.
    STEP_BY_STEP: "Pas à pas, avec des dessins", "Step by step, with drawings";
    /// Below it.
    DRAWN: "Dessins de Souspli, avec vos valeurs ; les mots d’Outlook changent un peu d’une version à l’autre. Ce qui est à faire est entouré d’un trait épais.",
        "Drawings of Souspli's, with your values; Outlook's words differ a little from version to version. What is to be done has a thick line around it.";
    /// A step.
    STEP_MENU: "Fichier, Paramètres du compte, Gérer les profils. (Outlook 2010 et 2013 : Fichier, Paramètres du compte, Paramètres du compte, puis « Nouveau », et à l’étape 3.)",
        "File, Account Settings, Manage Profiles. (Outlook 2010 and 2013: File, Account Settings, Account Settings, then “New”, and on to step 3.)";
    /// A step.
    STEP_PROFILES: "« Comptes de messagerie », puis « Nouveau ».", "“Email Accounts”, then “New”.";
    /// A step.
    STEP_MANUAL: "« Configuration manuelle ou types de serveurs supplémentaires », puis « Suivant ».",
        "“Manual setup or additional server types”, then “Next”.";
    /// A step.
    STEP_KIND: "« POP ou IMAP », puis « Suivant ».", "“POP or IMAP”, then “Next”.";
    /// A step.
    STEP_ACCOUNT: "Remplissez la fenêtre ainsi, puis « Paramètres supplémentaires ».", "Fill in the window like this, then “More Settings”.";
    /// A step.
    STEP_OUTGOING: "Onglet « Serveur sortant » : cochez l’authentification ; les mêmes paramètres que pour la réception.",
        "Tab “Outgoing Server”: tick the authentication; the same settings as for incoming mail.";
    /// A step.
    STEP_ADVANCED: "Onglet « Options avancées » : d’abord le chiffrement, pour les deux, puis les ports, qu’Outlook change quand on le choisit. (Dans une version ancienne, STARTTLS s’appelle « TLS », et SSL/TLS « SSL ».) Puis « OK », « Suivant », « Terminer ».",
        "Tab “Advanced”: first the encryption, of both, then the ports, which Outlook changes when it is chosen. (In an old version STARTTLS is called “TLS”, and SSL/TLS “SSL”.) Then “OK”, “Next”, “Finish”.";
    /// What a drawing is; the name of the window follows.
    DRAWING_OF: "Dessin de la fenêtre d’Outlook", "Drawing of Outlook's window";
    /// Said of a choice or a box.
    TICKED: "coché", "ticked";
    /// Said of a choice or a box.
    NOT_TICKED: "non coché", "not ticked";
    /// Said of a button or an entry.
    TO_PRESS: "à choisir", "to be chosen";
    /// Said of a tab.
    IN_FRONT: "onglet ouvert", "tab in front";
}

/// What Outlook calls it.
pub mod label {
    use super::Words;

    words! {
        /// A menu.
        FILE: "Fichier", "File";
        /// A button, an entry.
        ACCOUNT_SETTINGS: "Paramètres du compte", "Account Settings";
        /// An entry.
        MANAGE_PROFILES: "Gérer les profils", "Manage Profiles";
        /// A window.
        MAIL_SETUP: "Configuration du courrier – Outlook", "Mail Setup – Outlook";
        /// A button.
        EMAIL_ACCOUNTS: "Comptes de messagerie…", "Email Accounts…";
        /// A button.
        DATA_FILES: "Fichiers de données…", "Data Files…";
        /// A button.
        SHOW_PROFILES: "Afficher les profils…", "Show Profiles…";
        /// A window.
        ADD_ACCOUNT: "Ajouter un compte", "Add Account";
        /// A choice.
        EMAIL_ACCOUNT: "Compte de messagerie", "Email Account";
        /// A choice.
        MANUAL: "Configuration manuelle ou types de serveurs supplémentaires", "Manual setup or additional server types";
        /// A window.
        ACCOUNT_TYPE_WINDOW: "Choisir votre type de compte", "Choose Your Account Type";
        /// A choice.
        EXCHANGE: "Microsoft 365, Exchange", "Microsoft 365, Exchange";
        /// A choice.
        POP_OR_IMAP: "POP ou IMAP", "POP or IMAP";
        /// A button.
        NEXT: "Suivant >", "Next >";
        /// A window.
        POP_AND_IMAP: "Paramètres de compte POP et IMAP", "POP and IMAP Account Settings";
        /// A group.
        USER: "Informations sur l’utilisateur", "User Information";
        /// A field.
        YOUR_NAME: "Votre nom :", "Your Name:";
        /// What stands in it.
        SOME_NAME: "(votre nom)", "(your name)";
        /// A field.
        ADDRESS: "Adresse de messagerie :", "Email Address:";
        /// A group.
        SERVER: "Informations sur le serveur", "Server Information";
        /// A field.
        ACCOUNT_TYPE: "Type de compte :", "Account Type:";
        /// A field.
        INCOMING_SERVER: "Serveur de courrier entrant :", "Incoming mail server:";
        /// A field.
        OUTGOING_SERVER: "Serveur de courrier sortant (SMTP) :", "Outgoing mail server (SMTP):";
        /// A group.
        LOGON: "Informations de connexion", "Logon Information";
        /// A field.
        USER_NAME: "Nom d’utilisateur :", "User Name:";
        /// A field.
        PASSWORD: "Mot de passe :", "Password:";
        /// A box.
        SPA: "Exiger l’authentification par mot de passe sécurisé (SPA)", "Require logon using Secure Password Authentication (SPA)";
        /// A button.
        MORE_SETTINGS: "Paramètres supplémentaires…", "More Settings…";
        /// A window.
        INTERNET_SETTINGS: "Paramètres de messagerie Internet", "Internet E-mail Settings";
        /// A tab.
        TAB_GENERAL: "Général", "General";
        /// A tab.
        TAB_OUTGOING: "Serveur sortant", "Outgoing Server";
        /// A tab.
        TAB_ADVANCED: "Options avancées", "Advanced";
        /// A box.
        AUTHENTICATED: "Mon serveur sortant (SMTP) requiert une authentification", "My outgoing server (SMTP) requires authentication";
        /// A choice.
        SAME_SETTINGS: "Utiliser les mêmes paramètres que mon serveur entrant", "Use same settings as my incoming mail server";
        /// A choice.
        LOG_ON_USING: "Se connecter à l’aide de", "Log on using";
        /// A group.
        PORTS: "Numéros de ports du serveur", "Server Port Numbers";
        /// A field.
        INCOMING_IMAP: "Serveur entrant (IMAP) :", "Incoming server (IMAP):";
        /// A field.
        INCOMING_POP3: "Serveur entrant (POP3) :", "Incoming server (POP3):";
        /// A box.
        POP3_ENCRYPTED: "Ce serveur nécessite une connexion chiffrée (SSL/TLS)", "This server requires an encrypted connection (SSL/TLS)";
        /// A field.
        ENCRYPTED_BY: "Utiliser le type de connexion chiffrée suivant :", "Use the following type of encrypted connection:";
        /// A field.
        OUTGOING_SMTP: "Serveur sortant (SMTP) :", "Outgoing server (SMTP):";
        /// A button.
        OK: "OK", "OK";
    }
}
