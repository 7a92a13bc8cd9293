# shellcheck shell=bash
# Everything that the scripts say, in English and in French: this is the only place for such texts.
# Sourced by setup.sh. A text is a printf format; both languages take the same arguments in the same order.

# language [ARGUMENT...]: sets SPEAKS to fr or en, from --lang among the arguments, else from the locale.
language() {
    local locale=${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} previous='' argument
    for argument in "$@"; do
        case $previous:$argument in
            --lang:*) locale=$argument ;;
            *:--lang=*) locale=${argument#--lang=} ;;
        esac
        previous=$argument
    done
    case $locale in
        fr | fr[_.@]*) SPEAKS=fr ;;
        *) SPEAKS=en ;;
    esac
}

# say KEY [ARGUMENT...]: one message, on the standard error.
say() {
    say_part "$@"
    printf '\n' >&2
}

# say_part KEY [ARGUMENT...]: the same, and the line stays open.
say_part() {
    local EN='' FR='' key=$1
    shift
    text_of "$key"
    if [ "${SPEAKS:-en}" = fr ]; then
        EN=$FR
    fi
    # shellcheck disable=SC2059  # the formats are those below, none comes from outside
    printf "$EN" "$@" >&2
}

# text_of KEY: sets EN and FR, which are the caller's.
# shellcheck disable=SC2034
text_of() {
    case $1 in
        # What is being done.
        making_pipenv)
            EN='Getting pipenv, which installs packages (about 10 s) …'
            FR='Récupération de pipenv, qui installe les paquets (environ 10 s) …'
            ;;
        making_packages)
            EN='Installing the packages of the workshop (30 s to 2 min, the first time only) …'
            FR="Installation des paquets de l'atelier (de 30 s à 2 min, la première fois seulement) …"
            ;;
        updating_packages)
            EN='Bringing the packages of the workshop up to date (about 20 s) …'
            FR="Mise à jour des paquets de l'atelier (environ 20 s) …"
            ;;
        took)
            EN=' done in %s s'
            FR=' fait en %s s'
            ;;
        waiting)
            EN='Another set-up of this workshop is running (process %s): waiting for it …'
            FR='Une autre installation de cet atelier est en cours (processus %s) : attente …'
            ;;
        interrupted)
            EN='Stopped. Run the same command again: it will take up the set-up where it can.'
            FR="Arrêté. Relancez la même commande : l'installation reprendra où elle peut."
            ;;

        # What the learner's own terminal needs.
        path_hint)
            EN='To type "pipenv" in your terminals, first type this line there (or add it to %s once):\n\n    %s\n'
            FR="Pour taper « pipenv » dans vos terminaux, tapez-y d'abord cette ligne (ou ajoutez-la une fois à %s) :\n\n    %s\n"
            ;;
        active_environment)
            EN='Another virtual environment is active in this terminal (%s). Before "pipenv run …", type: deactivate'
            FR='Un autre environnement virtuel est actif dans ce terminal (%s). Avant « pipenv run … », tapez : deactivate'
            ;;

        # What stops the set-up.
        no_python)
            EN='This workshop needs Python 3.11, 3.12, 3.13 or 3.14, and found none.%s\nInstall one, open a new terminal, and run the same command again:\n    Debian, Ubuntu: sudo apt install python3      Fedora: sudo dnf install python3\n    macOS: brew install python@3.14, or the installer of Python 3.14 from python.org\nIf you have one elsewhere, name it: ATELIER_PYTHON=/path/to/python3 %s'
            FR="Cet atelier demande Python 3.11, 3.12, 3.13 ou 3.14, et n'en a trouvé aucun.%s\nInstallez-en un, ouvrez un nouveau terminal, puis relancez la même commande :\n    Debian, Ubuntu : sudo apt install python3      Fedora : sudo dnf install python3\n    macOS : brew install python@3.14, ou l'installateur de Python 3.14 de python.org\nSi vous en avez un ailleurs, nommez-le : ATELIER_PYTHON=/chemin/vers/python3 %s"
            ;;
        seen_python)
            EN='\n    seen: %s (%s)'
            FR='\n    vu : %s (%s)'
            ;;
        no_git)
            EN='This workshop needs git, and found none. Install it, then run the same command again:\n    Debian, Ubuntu: sudo apt install git      Fedora: sudo dnf install git      macOS: xcode-select --install'
            FR="Cet atelier demande git, et ne l'a pas trouvé. Installez-le, puis relancez la même commande :\n    Debian, Ubuntu : sudo apt install git      Fedora : sudo dnf install git      macOS : xcode-select --install"
            ;;
        cannot_write)
            EN='This folder cannot be written to: %s\nIs it yours? Is the disk full? Change that, or copy the workshop into a folder of your own.'
            FR="Impossible d'écrire dans ce dossier : %s\nEst-il à vous ? Le disque est-il plein ? Changez cela, ou copiez l'atelier dans un dossier à vous."
            ;;
        lock_kept)
            EN='Another set-up (process %s) has been at work for very long. If none is running, remove this folder and try again:\n    %s'
            FR="Une autre installation (processus %s) travaille depuis très longtemps. Si aucune n'est en cours, supprimez ce dossier et recommencez :\n    %s"
            ;;
        stopped_network)
            EN='The set-up stopped: the package index cannot be reached.\nIs this machine on the internet? Check it, then run the same command again. (Packages come over https; a school may need a proxy, in HTTPS_PROXY, or a mirror, in PIP_INDEX_URL.)'
            FR="L'installation s'est arrêtée : le serveur de paquets est hors d'atteinte.\nLa machine est-elle reliée à internet ? Vérifiez-le, puis relancez la même commande. (Les paquets passent par https ; une école peut demander un proxy, dans HTTPS_PROXY, ou un miroir, dans PIP_INDEX_URL.)"
            ;;
        stopped_proxy)
            EN='The set-up stopped: the proxy does not let the packages through.\nThe proxy set here is: %s\nCorrect the variable HTTPS_PROXY (or unset it where there is no proxy), then run the same command again.'
            FR="L'installation s'est arrêtée : le proxy ne laisse pas passer les paquets.\nLe proxy réglé ici est : %s\nCorrigez la variable HTTPS_PROXY (ou effacez-la, s'il n'y a pas de proxy), puis relancez la même commande."
            ;;
        stopped_certificate)
            EN='The set-up stopped: the certificate of the package index is not recognised.\nIs the clock of this machine right? On a school network, ask for its certificate, and give its file in PIP_CERT.'
            FR="L'installation s'est arrêtée : le certificat du serveur de paquets n'est pas reconnu.\nL'horloge de la machine est-elle à l'heure ? Sur un réseau d'école, demandez son certificat, et donnez son fichier dans PIP_CERT."
            ;;
        stopped_disk)
            EN='The set-up stopped: the disk is full. It needs about 400 MB; free some space, then run the same command again.'
            FR="L'installation s'est arrêtée : le disque est plein. Il faut environ 400 Mo ; libérez de la place, puis relancez la même commande."
            ;;
        stopped_rights)
            EN='The set-up stopped: a file or a folder may not be written to (the log names it). Is it owned by another user?'
            FR="L'installation s'est arrêtée : un fichier ou un dossier refuse l'écriture (le journal le nomme). Appartient-il à quelqu'un d'autre ?"
            ;;
        stopped_hashes)
            EN='The set-up stopped: a package that was downloaded is not the one that the workshop knows (its hash differs).\nRun the same command again; if it stays, the mirror or the proxy alters files: show the log to whoever runs it.'
            FR="L'installation s'est arrêtée : un paquet téléchargé n'est pas celui que l'atelier connaît (son empreinte diffère).\nRelancez la même commande ; si cela persiste, le miroir ou le proxy modifie les fichiers : montrez le journal à qui s'en occupe."
            ;;
        stopped)
            EN='The set-up stopped. The last lines of its log:\n%s'
            FR="L'installation s'est arrêtée. Les dernières lignes de son journal :\n%s"
            ;;
        log_kept)
            EN='The full log: %s'
            FR='Le journal (log) complet : %s'
            ;;

        # script/test
        left_out)
            EN='Left out on this machine:'
            FR='Laissé de côté sur cette machine :'
            ;;
        nothing_left_out)
            EN='Nothing was left out.'
            FR="Rien n'a été laissé de côté."
            ;;
        all_passed)
            EN='All passed: %s.'
            FR='Tout est passé : %s.'
            ;;
        not_passed)
            EN='Not passed: %s.'
            FR='Pas passé : %s.'
            ;;
        *)
            EN="$1"
            FR="$1"
            ;;
    esac
}
